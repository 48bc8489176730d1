import type { Histories } from "./encoded.ts";

/**
 * The same people, with their newest events alone.
 *
 * @param histories Whole.
 * @param length How many at most.
 * @returns Copies.
 */
export function newestEvents(histories: Histories, length: number): Histories {
  const rows = Array.from(histories.asOf.keys());
  const { offsets } = histories;
  return chooseEvents(histories, rows, (row) => Math.max(offsets[row]!, offsets[row + 1]! - length));
}

/**
 * Some of the people, each from some event on.
 *
 * @param histories Of more.
 * @param rows Which, in the order wanted.
 * @param from The first event of a row, among all.
 * @returns Copies.
 */
export function chooseEvents(
  histories: Histories,
  rows: readonly number[],
  from: (row: number) => number,
): Histories {
  const offsets = new Int32Array(rows.length + 1);
  const events: number[] = [];
  for (const [r, row] of rows.entries()) {
    for (let e = from(row); e < histories.offsets[row + 1]!; e++) events.push(e);
    offsets[r + 1] = events.length;
  }
  const { watchSeconds } = histories;
  return {
    offsets,
    item: Int32Array.from(events, (e) => histories.item[e]!),
    kind: Uint8Array.from(events, (e) => histories.kind[e]!),
    at: Float64Array.from(events, (e) => histories.at[e]!),
    watchFraction: Float32Array.from(events, (e) => histories.watchFraction[e]!),
    ...(watchSeconds === undefined
      ? {}
      : { watchSeconds: Float32Array.from(events, (e) => watchSeconds[e]!) }),
    asOf: Float64Array.from(rows, (row) => histories.asOf[row]!),
    fields: rows.map((row) => histories.fields[row]!),
  };
}
