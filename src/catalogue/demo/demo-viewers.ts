import type { Random } from "../../base/mod.ts";
import type { Person } from "../person.ts";
import { hiddenDims } from "./demo-items.ts";
import { dayMs, demoStart } from "./demo-time.ts";
import { cumulative, drawIndex, normals, pickDistinct } from "./draw.ts";
import { ageRanges, demoGenres, demoMakers, demoPerformers, demoTags, prefectures } from "./vocabulary.ts";

/** A viewer together with what decides what they like. */
export interface DemoViewer {
  readonly person: Person;
  /** By genre: about 1 to 2 for the few they love, negative for the few they avoid, near 0 elsewhere. */
  readonly genres: Float32Array;
  readonly makers: Float32Array;
  readonly performers: Float32Array;
  readonly tags: Float32Array;
  /** Meets the hidden side of items. */
  readonly hidden: Float32Array;
  /** Mean visits in six months. */
  readonly visits: number;
  /** Local hour around which they watch. */
  readonly hour: number;
  /** How easily they like something. */
  readonly generosity: number;
  /** Days since the history began when they first came; negative for most. */
  readonly joinedDay: number;
}

/** Viewers whose age is not confirmed: one in this many. They get no recommendations, and the demo shows that. */
const unconfirmedEvery = 200;

/**
 * The demo's viewers.
 *
 * @param random Where chance comes from.
 * @param count How many.
 * @returns The viewers, with their tastes.
 */
export function makeDemoViewers(random: Random, count: number): DemoViewer[] {
  // What people of an age have in common, a little.
  const generations = ageRanges.map(() => Float32Array.from(demoGenres, () => 0.25 * random.normal()));
  const ages = cumulative([3, 5, 4, 3, 2, 1]);
  const regions = cumulative(prefectures.map((_, index) => 1 + ((index * 7919) % 11)));
  return Array.from({ length: count }, (_, index) => {
    const age = drawIndex(random, ages);
    const favouriteGenres = pickDistinct(random, demoGenres.length, 2 + random.integer(3));
    const disliked = pickDistinct(random, demoGenres.length, 4).filter(
      (genre) => !favouriteGenres.includes(genre),
    );
    const genres = generations[age]!.map((common) => common + 0.15 * random.normal());
    for (const [rank, genre] of favouriteGenres.entries())
      genres[genre] = 1.9 - 0.3 * rank + 0.2 * random.normal();
    for (const genre of disliked) genres[genre] = -1.2 + 0.3 * random.normal();
    const favouritePerformers = pickDistinct(random, demoPerformers.length, 6 + random.integer(8));
    const joinedDay = random.next() < 0.25 ? random.integer(150) : -1 - random.integer(700);
    const confirmed = index % unconfirmedEvery !== unconfirmedEvery - 1;
    return {
      person: {
        id: `viewer-${String(index + 1).padStart(4, "0")}`,
        fields: { ageRange: ageRanges[age]!, region: prefectures[drawIndex(random, regions)]! },
        // The day before they first watched anything.
        ...(confirmed ? { ageConfirmedAt: demoStart + (joinedDay - 1) * dayMs } : {}),
      },
      genres,
      makers: favourites(random, demoMakers.length, 4),
      performers: favourites(random, demoPerformers.length, favouritePerformers),
      tags: favourites(random, demoTags.length, 12),
      hidden: normals(random, hiddenDims),
      visits: Math.min(120, 9 + 25 * Math.exp(0.7 * random.normal())),
      hour: 21 + 2.5 * random.normal() - (random.next() < 0.15 ? 9 : 0),
      generosity: 0.5 * random.normal(),
      joinedDay,
    };
  });
}

function favourites(random: Random, length: number, chosen: number | readonly number[]): Float32Array {
  const weights = new Float32Array(length);
  for (const index of typeof chosen === "number" ? pickDistinct(random, length, chosen) : chosen) {
    weights[index] = 0.8 + 0.4 * random.next();
  }
  return weights;
}
