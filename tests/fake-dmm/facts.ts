import { createRandom } from "../../src/base/mod.ts";
import type { Item } from "../../src/catalogue/mod.ts";

/** What is true of an item, before the API's ways of writing it. */
export interface DmmFacts {
  /** `FANZA/digital/videoa` */
  readonly floor: string;
  readonly contentId: string;
  readonly title: string;
  /** Milliseconds since 1970, whole seconds. */
  readonly at: number;
  readonly minutes: number;
  readonly price: number;
  readonly priceFrom: boolean;
  readonly listPrice: number;
  readonly genres: readonly string[];
  readonly performers: readonly string[];
  readonly maker: string;
  readonly series?: string;
  readonly label?: string;
  readonly director?: string;
  readonly reviews?: { readonly count: number; readonly average: number };
  readonly campaign?: { readonly title: string; readonly endsAt: number };
  /** Only announced: performers, genres, samples and running time come near the release. */
  readonly announced: boolean;
  readonly images: readonly ("large" | "small" | "list")[];
  /** What the API writes in place of something, wrongly. */
  readonly malformed?: "title" | "id" | "price" | "genres" | "date" | "all";
}

const day = 86_400_000;
const places = ["Harbour", "Terrace", "Garden", "Station", "Bridge", "Library", "Valley", "Orchard"];
const times = ["at dawn", "in the rain", "by night", "in spring", "after hours", "on Sunday"];

/** Options of {@link makeFacts}. */
export interface MakeFactsOptions {
  readonly seed: number;
  readonly items: number;
  readonly floors: readonly string[];
  /** Items are dated over three years before, and 90 days after. */
  readonly now: number;
}

/**
 * An invented catalogue: the floors take turns, one work in twenty is on two floors, one in ten is released at 10:00 with
 * many others, and what is dated after `now` is only announced.
 */
export function makeFacts({ seed, items, floors, now }: MakeFactsOptions): DmmFacts[] {
  const random = createRandom(seed);
  const facts: DmmFacts[] = [];
  for (let n = 0; n < items; n++) {
    const floor = floors[n % floors.length]!;
    const before = facts[n - 1];
    const copied = before !== undefined && before.contentId === facts[n - 2]?.contentId;
    if (before !== undefined && !copied && floors.length > 1 && random.next() < 0.05) {
      facts.push({ ...before, floor });
      continue;
    }
    // Newer is denser, as catalogues grow: the square root of a uniform number leans to the present.
    const age = 1140 * (1 - Math.sqrt(random.next())) - 90 * random.next() ** 4;
    const second = Math.floor((now - age * day) / 1000) * 1000;
    const at = random.next() < 0.1 ? Math.floor(second / day) * day + 3_600_000 : second;
    const pick = (count: number, of: string, most: number): string[] => [
      ...new Set(Array.from({ length: count }, () => `${of} ${random.integer(most)}`)),
    ];
    const price = 100 * (1 + random.integer(40));
    facts.push({
      floor,
      contentId: `item${String(n).padStart(6, "0")}`,
      title: `${places[random.integer(places.length)]} ${times[random.integer(times.length)]} ${n}`,
      at,
      minutes: 20 + random.integer(220),
      price,
      priceFrom: random.next() < 0.7,
      listPrice: price + 100 * random.integer(3),
      genres: pick(1 + random.integer(5), "Genre", 60),
      performers: pick(random.integer(4), "Person", 900),
      maker: `Maker ${random.integer(120)}`,
      ...(random.next() < 0.6 ? { series: `Series ${random.integer(400)}` } : {}),
      ...(random.next() < 0.8 ? { label: `Label ${random.integer(80)}` } : {}),
      ...(random.next() < 0.8 ? { director: `Director ${random.integer(90)}` } : {}),
      ...(random.next() < 0.5
        ? {
            reviews: {
              count: 1 + random.integer(90),
              average: Math.round((1 + 4 * random.next()) * 100) / 100,
            },
          }
        : {}),
      ...(random.next() < 0.2
        ? { campaign: { title: `Campaign ${random.integer(5)}`, endsAt: Math.floor(now / day + 7) * day } }
        : {}),
      announced: at > now,
      images: random.next() < 0.9 ? ["large", "small", "list"] : ["list"],
    });
  }
  return facts;
}

/** What a sync has to make of an item; undefined where the API writes no item that could be told from others. */
export function itemOf(facts: DmmFacts): Item | undefined {
  const [site, service, floor] = facts.floor.split("/");
  const { malformed, announced } = facts;
  if (malformed === "title" || malformed === "id" || malformed === "all") return undefined;
  const image = `https://pics.example/${facts.contentId}`;
  const fields = {
    service: service!,
    floor: floor!,
    productId: facts.contentId,
    category: "CATEGORY",
    genres: announced || malformed === "genres" ? [] : facts.genres,
    performers: announced ? [] : facts.performers,
    maker: facts.maker,
    ...(facts.series === undefined ? {} : { series: facts.series }),
    ...(facts.label === undefined ? {} : { label: facts.label }),
    ...(facts.director === undefined ? {} : { directors: [facts.director] }),
    ...(announced ? {} : { durationMinutes: facts.minutes }),
    url: `https://video.example/content/?id=${facts.contentId}`,
    thumbnailUrl: `${image}${facts.images.includes("large") ? "pl" : "pt"}.jpg`,
    ...(announced ? {} : { sampleImageUrls: [`${image}-1.jpg`] }),
    ...(malformed === "price" ? {} : { price: facts.price, ...(facts.priceFrom ? { priceFrom: true } : {}) }),
    listPrice: facts.listPrice,
    reviewCount: facts.reviews?.count ?? 0,
    ...(facts.reviews === undefined ? {} : { reviewAverage: facts.reviews.average }),
    ...(facts.campaign === undefined
      ? {}
      : { campaigns: [facts.campaign.title], campaignEndsAt: facts.campaign.endsAt }),
  };
  return {
    id: `dmm:${site}:${service}:${floor}:${facts.contentId}`,
    title: facts.title,
    fields,
    ...(malformed === "date" ? {} : { releasedAt: facts.at }),
  };
}
