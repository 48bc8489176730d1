import type { Random } from "../../base/mod.ts";
import type { Item } from "../item.ts";
import { dayMs, demoDays, demoStart } from "./demo-time.ts";
import { cumulative, drawIndex, normals, pick, pickDistinct } from "./draw.ts";
import {
  demoGenres,
  demoMakers,
  demoPerformers,
  demoSeries,
  demoTags,
  places,
  seasons,
  titlePatterns,
} from "./vocabulary.ts";

/** Dimensions of what unites viewers but shows in no field. */
export const hiddenDims = 4;

/** A video together with what decides who likes it. */
export interface DemoItem {
  readonly item: Item;
  /** The main genre first. */
  readonly genres: readonly number[];
  readonly maker: number;
  /** -1 where it belongs to none. */
  readonly series: number;
  readonly performers: readonly number[];
  readonly tags: readonly number[];
  /** Standard normal; reviews show it dimly. */
  readonly quality: number;
  /** Standard normal; how much it is shown around. */
  readonly fame: number;
  /** Standard normal in each dimension; shown by no field, to be found in behaviour alone. */
  readonly hidden: Float32Array;
  /** Days since the history began; negative where released before. */
  readonly releasedDay: number;
  /** The day around which everybody talks about it; -1 for most. */
  readonly burstDay: number;
}

interface Profiles {
  /** Genres a maker makes. */
  readonly makers: readonly (readonly number[])[];
  /** Each of its maker, with a genre and a cast of its own. */
  readonly series: readonly {
    readonly maker: number;
    readonly genre: number;
    readonly cast: readonly number[];
  }[];
  /** Performers at home in a genre. */
  readonly performersOf: readonly (readonly number[])[];
}

/**
 * The demo's videos.
 *
 * @param random Where chance comes from.
 * @param count How many.
 * @returns The videos, with their latent properties.
 */
export function makeDemoItems(random: Random, count: number): DemoItem[] {
  const profiles = makeProfiles(random);
  return Array.from({ length: count }, (_, index) => makeItem(random, profiles, index));
}

function makeProfiles(random: Random): Profiles {
  const makers = demoMakers.map(() => pickDistinct(random, demoGenres.length, 2 + random.integer(3)));
  const performersOf: number[][] = demoGenres.map(() => []);
  for (let performer = 0; performer < demoPerformers.length; performer++) {
    for (const genre of pickDistinct(random, demoGenres.length, 1 + random.integer(2))) {
      performersOf[genre]!.push(performer);
    }
  }
  const series = demoSeries.map((_, index) => {
    const maker = index % demoMakers.length;
    const genre = pick(random, makers[maker]!);
    return { maker, genre, cast: castOf(random, performersOf[genre]!, 1 + random.integer(3)) };
  });
  return { makers, series, performersOf };
}

// Performers early in a genre's list appear far more often than late ones, as stars do.
function castOf(random: Random, performers: readonly number[], count: number): number[] {
  const sums = cumulative(performers.map((_, rank) => 1 / (rank + 3)));
  return [...new Set(Array.from({ length: count }, () => performers[drawIndex(random, sums)]!))];
}

function makeItem(random: Random, profiles: Profiles, index: number): DemoItem {
  const series = random.next() < 0.55 ? random.integer(demoSeries.length) : -1;
  const from = profiles.series[series];
  const maker = from?.maker ?? random.integer(demoMakers.length);
  const main = from?.genre ?? pick(random, profiles.makers[maker]!);
  const others = pickDistinct(random, demoGenres.length, random.integer(3)).filter((genre) => genre !== main);
  const genres = [main, ...others];
  const guests = castOf(random, profiles.performersOf[main]!, from === undefined ? 1 + random.integer(3) : 1);
  const performers = [...new Set([...(from?.cast ?? []), ...guests])];
  const tags = [...new Set(Array.from({ length: 3 + random.integer(4) }, () => drawTag(random, genres)))];
  const quality = random.normal();
  const latent = {
    genres,
    maker,
    series,
    performers,
    tags,
    quality,
    // Good videos get around, though not only they.
    fame: 0.6 * quality + 0.8 * random.normal(),
    hidden: normals(random, hiddenDims),
    releasedDay: drawReleaseDay(random),
    burstDay: random.next() < 0.12 ? random.integer(demoDays) : -1,
  };
  return { item: describeItem(random, latent, index), ...latent };
}

function drawTag(random: Random, genres: readonly number[]): number {
  if (random.next() < 0.12) return random.integer(demoTags.length);
  return pick(random, genres) * 6 + random.integer(6);
}

// A third within the six months, the rest over the four years before.
function drawReleaseDay(random: Random): number {
  return random.next() < 0.3 ? random.integer(demoDays) : -1 - Math.floor(random.next() ** 1.5 * 4 * 365);
}

function describeItem(random: Random, latent: Omit<DemoItem, "item">, index: number): Item {
  const { genres, maker, series, performers, tags, quality, fame, releasedDay } = latent;
  const main = demoGenres[genres[0]!]!;
  const words = {
    place: pick(random, places),
    subject: pick(random, main.subjects),
    season: pick(random, seasons),
  };
  const seriesName = demoSeries[series];
  const bare = pick(random, titlePatterns)(words);
  const minutes = Math.round(Math.min(240, Math.max(8, 55 * Math.exp(0.55 * random.normal()))));
  const reviewCount = Math.floor(Math.exp(1.6 + 0.9 * fame + 0.5 * random.normal()));
  const reviewAverage = Math.min(5, Math.max(1, 3.7 + 0.45 * quality + 0.35 * random.normal()));
  const guide = demoPerformers[performers[0] ?? 0]!;
  const topics = tags.slice(0, 3).map((tag) => demoTags[tag]!);
  return {
    id: `video-${String(index + 1).padStart(5, "0")}`,
    title: seriesName === undefined ? bare : `${seriesName} ${bare}`,
    fields: {
      description:
        `${words.season}の${words.place}を舞台に、${words.subject}を${minutes}分でたどる${main.name}の映像。` +
        `案内は${guide}。${topics.join("、")}の話も。`,
      genres: genres.map((genre) => demoGenres[genre]!.name),
      maker: demoMakers[maker]!,
      ...(seriesName === undefined ? {} : { series: seriesName }),
      performers: performers.map((performer) => demoPerformers[performer]!),
      tags: tags.map((tag) => demoTags[tag]!),
      price: priceOf(random, { maker, minutes, releasedDay }),
      durationMinutes: minutes,
      reviewCount,
      ...(reviewCount === 0 ? {} : { reviewAverage: Math.round(reviewAverage * 100) / 100 }),
    },
    releasedAt: demoStart + releasedDay * dayMs,
  };
}

function priceOf(
  random: Random,
  {
    maker,
    minutes,
    releasedDay,
  }: { readonly maker: number; readonly minutes: number; readonly releasedDay: number },
): number {
  const tier = 0.7 + (maker % 5) * 0.2;
  const old = releasedDay < -365 ? 0.6 : 1;
  const yen = (300 + 16 * minutes) * tier * old * Math.exp(0.15 * random.normal());
  return Math.max(100, Math.round(yen / 100) * 100 - 20);
}
