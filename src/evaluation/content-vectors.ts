import type { Csr } from "../base/mod.ts";
import type { Item } from "../catalogue/mod.ts";
import { encodeItems, type FittedFeatures } from "../features/mod.ts";
import { genresOf } from "./metrics/diversity.ts";

/** What items are, without who liked them: one sparse row of unit length per item, empty where nothing is known. */
export interface ContentVectors extends Csr {
  /** Columns in all. */
  readonly width: number;
}

/** A part of an item's content as it was encoded, before lengths are made equal. */
type Part = Pick<Csr, "indices" | "weights">;

/**
 * Content vectors by the features that towers read: genres, maker, performers, tags and the words of the text (TF-IDF),
 * each brought to unit length, one beside the other, so that long texts do not drown genres.
 *
 * @param features Fitted on the training part; terms and categories that it did not see do not count.
 * @param items The catalogue, new items too.
 * @returns One row per item.
 */
export function contentVectors(features: FittedFeatures, items: readonly Item[]): ContentVectors {
  const { bags } = encodeItems(features, items);
  const content = features.itemLayout.bags.filter(({ role }) => role === "content");
  return joinParts(
    items.length,
    content.map(({ name, vocabulary }) => ({
      width: vocabulary,
      part: (row) => {
        const { offsets, indices, weights } = bags[name]!;
        const from = offsets[row]!;
        const to = offsets[row + 1]!;
        return { indices: indices.subarray(from, to), weights: weights.subarray(from, to) };
      },
    })),
  );
}

/**
 * Content vectors by genres alone, where no features are fitted.
 *
 * @param items The catalogue.
 * @returns One row per item, empty for those without genres.
 */
export function genreVectors(items: readonly Item[]): ContentVectors {
  // Row 0 stands for what is unknown, as in encoded bags.
  const rowOfGenre = new Map<string, number>();
  const rows = genresOf(items).map((genres) =>
    Int32Array.from(new Set(genres), (genre) => {
      if (!rowOfGenre.has(genre)) rowOfGenre.set(genre, rowOfGenre.size + 1);
      return rowOfGenre.get(genre)!;
    }),
  );
  const part = (row: number): Part => ({
    indices: rows[row]!,
    weights: new Float32Array(rows[row]!.length).fill(1),
  });
  return joinParts(items.length, [{ width: rowOfGenre.size + 1, part }]);
}

function joinParts(
  rows: number,
  bags: readonly { readonly width: number; readonly part: (row: number) => Part }[],
): ContentVectors {
  const offsets = new Int32Array(rows + 1);
  const indices: number[] = [];
  const weights: number[] = [];
  for (let row = 0; row < rows; row++) {
    const start = indices.length;
    let first = 0;
    let known = 0;
    for (const { width, part } of bags) {
      const own = part(row);
      // Row 0 stands for what was not seen at fitting: having it in common says nothing.
      let square = 0;
      own.indices.forEach((index, e) => {
        if (index !== 0) square += own.weights[e]! ** 2;
      });
      own.indices.forEach((index, e) => {
        if (index === 0 || square === 0) return;
        indices.push(first + index);
        weights.push(own.weights[e]! / Math.sqrt(square));
      });
      if (square > 0) known++;
      first += width;
    }
    for (let e = start; e < weights.length; e++) weights[e]! /= Math.sqrt(known);
    offsets[row + 1] = indices.length;
  }
  return {
    offsets,
    indices: Int32Array.from(indices),
    weights: Float32Array.from(weights),
    width: bags.reduce((sum, { width }) => sum + width, 0),
  };
}
