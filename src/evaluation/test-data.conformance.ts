import { createRandom } from "../base/mod.ts";
import { buildDataset, type CatalogueEvent, type Dataset } from "../catalogue/mod.ts";
import { type Histories, historiesOf } from "../features/mod.ts";

/**
 * A dataset for tests from a matrix of 0 and 1: people by rows, items by columns, likes one second apart from left to
 * right.
 *
 * @param rows The matrix.
 * @returns People `p0`… and items `i0`…, each item of genre `even` or `odd`.
 */
export function datasetFromMatrix(rows: readonly (readonly number[])[]): Dataset {
  const events: CatalogueEvent[] = [];
  for (const [p, row] of rows.entries()) {
    for (const [i, liked] of row.entries()) {
      if (liked) events.push({ personId: `p${p}`, itemId: `i${i}`, kind: "like", at: 1000 * (i + 1) });
    }
  }
  return buildDataset({
    items: (rows[0] ?? []).map((_, i) => ({
      id: `i${i}`,
      title: `Item ${i}`,
      fields: { genres: [i % 2 === 0 ? "even" : "odd"] },
    })),
    people: rows.map((_, p) => ({ id: `p${p}`, fields: {} })),
    events,
  }).dataset;
}

/**
 * A checkerboard for tests: people and items of an even and an odd half, where everybody likes most of their own half
 * and nothing of the other.
 *
 * @param size `people` and `items`, and the share of their own half that a person likes.
 * @returns The dataset.
 */
export function checkerboard(size: {
  readonly people: number;
  readonly items: number;
  readonly share: number;
}): Dataset {
  const random = createRandom(7);
  return datasetFromMatrix(
    Array.from({ length: size.people }, (_, p) =>
      Array.from({ length: size.items }, (_, i) => (p % 2 === i % 2 && random.next() < size.share ? 1 : 0)),
    ),
  );
}

/**
 * Random events of every kind for tests, repeated and out of order.
 *
 * @param seed Of everything.
 * @param size `people`, `items`, `events`.
 * @returns The dataset.
 */
export function randomDataset(
  seed: number,
  size: { readonly people: number; readonly items: number; readonly events: number },
): Dataset {
  const random = createRandom(seed);
  const kinds = ["like", "like", "like", "view", "nope"] as const;
  return buildDataset({
    items: Array.from({ length: size.items }, (_, i) => ({ id: `i${i}`, title: `Item ${i}`, fields: {} })),
    people: Array.from({ length: size.people }, (_, p) => ({ id: `p${p}`, fields: {} })),
    events: Array.from({ length: size.events }, () => ({
      personId: `p${random.integer(size.people)}`,
      itemId: `i${random.integer(size.items)}`,
      kind: kinds[random.integer(kinds.length)]!,
      at: 1000 * random.integer(500),
    })),
  }).dataset;
}

/**
 * The histories of everybody in a dataset.
 *
 * @param dataset Where they come from.
 * @returns One per person.
 */
export function everybody(dataset: Dataset): Histories {
  return historiesOf(dataset, Int32Array.from(dataset.people.keys()));
}
