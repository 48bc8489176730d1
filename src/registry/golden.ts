import { createRandom, FutagoError } from "../base/mod.ts";
import type { CatalogueEvent, Item, PersonHistory } from "../catalogue/mod.ts";
import { headChance, type ServedHeads, servedTasks, type Towers } from "../towers/mod.ts";

/** Inputs and the vectors they gave when the model was registered: `golden.json`. */
export interface Golden {
  readonly items: readonly Item[];
  /** Invented viewers: a bundle outlives the people it was trained on, so none of them may be in it. */
  readonly people: readonly { readonly events: readonly CatalogueEvent[] }[];
  /** The moment the user features are taken at. */
  readonly asOf: number;
  /** items × dims. */
  readonly itemVectors: readonly (readonly number[])[];
  /** people × dims. */
  readonly userVectors: readonly (readonly number[])[];
  /** What each head gave, in the order of `tasks`: people × items, 0-1. Absent where there were no heads. */
  readonly chances?: readonly (readonly number[])[];
}

/**
 * Largest difference of one component that the parity gate lets pass. The four runtimes that were measured differ by
 * about 1e-7 on trained towers of 64 and of 768 dimensions; at 1e-5 no two items that anybody could tell apart change
 * places.
 */
export const parityTolerance = 1e-5;

/** Options of {@link createGolden}. */
export interface CreateGoldenOptions {
  /** Milliseconds since 1970. */
  readonly asOf: number;
  /** @default 16 */
  readonly items?: number;
  /** Heads over the towers' vectors. */
  readonly heads?: ServedHeads | undefined;
}

/**
 * Records what towers answer, for the parity gate of every later load.
 *
 * @param towers As they come from training.
 * @param catalogue Items to draw from; a spread of them is kept.
 * @param options How many, and when.
 * @returns The inputs and vectors.
 */
export async function createGolden(
  towers: Towers,
  catalogue: readonly Item[],
  options: CreateGoldenOptions,
): Promise<Golden> {
  const count = Math.min(options.items ?? 16, catalogue.length);
  const items = Array.from(
    { length: count },
    (_, i) => catalogue[Math.floor((i * catalogue.length) / count)]!,
  );
  const random = createRandom(20);
  const hour = 3_600_000;
  const people = [0, 1, 3, count].map((length, person) => ({
    events: Array.from({ length: Math.min(length, count) }, (_, e): CatalogueEvent => {
      const kind = random.next() < 0.7 ? "like" : random.next() < 0.5 ? "view" : "nope";
      const event = { personId: `golden-${person}`, itemId: items[e]!.id, kind, at: 0 } as const;
      const at = options.asOf - (length - e) * hour * (1 + random.integer(40));
      return kind === "view" ? { ...event, at, watchFraction: random.integer(100) / 100 } : { ...event, at };
    }).sort((a, b) => a.at - b.at),
  }));
  const golden = { items, people, asOf: options.asOf, itemVectors: [], userVectors: [] };
  const vectors = await embedGolden(towers, golden);
  return {
    ...golden,
    itemVectors: rows(vectors.itemVectors, towers.dims),
    userVectors: rows(vectors.userVectors, towers.dims),
    ...(options.heads && { chances: goldenChances(options.heads, vectors, towers.dims) }),
  };
}

/** As much of towers as golden inputs go through. */
export type GoldenTowers = Pick<Towers, "embedItems" | "embedHistories">;

/** Options of {@link measureParity} and {@link checkParity}. */
export interface ParityOptions {
  /** As loaded; absent: heads are not compared. */
  readonly heads?: ServedHeads | undefined;
}

/**
 * How far towers, and the heads over them, are from what was recorded.
 *
 * @param towers As loaded.
 * @param golden As recorded.
 * @param options Their heads.
 * @returns The largest absolute difference of one component; infinite where a value is missing or not finite.
 */
export async function measureParity(
  towers: GoldenTowers,
  golden: Golden,
  { heads }: ParityOptions = {},
): Promise<number> {
  const { itemVectors, userVectors } = await embedGolden(towers, golden);
  return Math.max(
    largestDifference(itemVectors, golden.itemVectors.flat()),
    largestDifference(userVectors, golden.userVectors.flat()),
    heads === undefined
      ? 0
      : largestDifference(
          goldenChances(heads, { itemVectors, userVectors }, golden.itemVectors[0]?.length ?? 0).flat(),
          golden.chances?.flat() ?? [],
        ),
  );
}

/**
 * The parity gate: towers must answer what they answered when they were registered, on whatever runtime loads them.
 *
 * @param towers As loaded.
 * @param golden As recorded.
 * @param options Their heads.
 * @returns The largest difference.
 * @throws FutagoError `parity_failed` when it is above {@link parityTolerance}.
 */
export async function checkParity(
  towers: GoldenTowers,
  golden: Golden,
  options: ParityOptions = {},
): Promise<number> {
  const difference = await measureParity(towers, golden, options);
  if (difference <= parityTolerance) return difference;
  throw new FutagoError(
    "parity_failed",
    `Cannot serve these towers as their vectors must match the recorded ones within ${parityTolerance}: current difference is ${difference}; roll back, or train again on this runtime`,
    { details: { difference } },
  );
}

/**
 * What heads give for golden viewers and items.
 *
 * @param heads The heads.
 * @param vectors items × dims and people × dims.
 * @param dims Their width.
 * @returns For each head, in the order of `tasks`: people × items, 0-1.
 */
export function goldenChances(
  heads: ServedHeads,
  vectors: { readonly itemVectors: Float32Array; readonly userVectors: Float32Array },
  dims: number,
): number[][] {
  const [people, items] = [rows(vectors.userVectors, dims), rows(vectors.itemVectors, dims)];
  return servedTasks(heads).map((task) =>
    people.flatMap((user) => items.map((item) => headChance(heads.heads[task]!, { user, item }))),
  );
}

/**
 * The vectors of the golden inputs.
 *
 * @param towers As loaded.
 * @param golden The inputs.
 * @returns items × dims and people × dims.
 */
export async function embedGolden(
  towers: GoldenTowers,
  golden: Pick<Golden, "items" | "people" | "asOf">,
): Promise<{ itemVectors: Float32Array; userVectors: Float32Array }> {
  const items = new Map(golden.items.map((item) => [item.id, item]));
  const people = golden.people.map(
    ({ events }, i): PersonHistory => ({ person: { id: `golden-${i}`, fields: {} }, events, items }),
  );
  const itemVectors = await towers.embedItems(golden.items);
  const userVectors = await towers.embedHistories(people, { asOf: golden.asOf });
  return { itemVectors, userVectors };
}

function rows(values: Float32Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, r) => [
    ...values.subarray(r * width, (r + 1) * width),
  ]);
}

/**
 * The largest difference between two vectors.
 *
 * @param actual One of them.
 * @param expected The other.
 * @returns Infinite where their lengths differ or a number is not finite.
 */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    // Not `>`, so that NaN counts as infinitely far.
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}
