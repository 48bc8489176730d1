import type { Histories } from "./encoded.ts";

/**
 * The same people, with their newest events alone.
 *
 * @param histories Whole.
 * @param length How many at most.
 * @returns Copies.
 */
export function newestEvents(histories: Histories, length: number): Histories {
  const { offsets } = histories;
  return chooseEvents(histories, { from: (row) => Math.max(offsets[row]!, offsets[row + 1]! - length) });
}

/**
 * The same people, without their newest events.
 *
 * @param histories Whole.
 * @param length How many at most are left out.
 * @returns Copies.
 */
export function withoutNewestEvents(histories: Histories, length: number): Histories {
  const { offsets } = histories;
  return chooseEvents(histories, { end: (row) => Math.max(offsets[row]!, offsets[row + 1]! - length) });
}

/** Options of {@link chooseEvents}. */
export interface ChooseEventsOptions {
  /** Which people, in the order wanted. @default all */
  readonly rows?: readonly number[];
  /** The first event of a row, among all. @default its oldest */
  readonly from?: (row: number) => number;
  /** Where the events of a row end, among all. @default behind its newest */
  readonly end?: (row: number) => number;
}

/**
 * Some of the people, with some of their events.
 *
 * @param histories Of more.
 * @param options Which people, and which of their events.
 * @returns Copies.
 */
export function chooseEvents(histories: Histories, options: ChooseEventsOptions): Histories {
  const {
    rows = Array.from(histories.asOf.keys()),
    from = (row) => histories.offsets[row]!,
    end = (row) => histories.offsets[row + 1]!,
  } = options;
  const offsets = new Int32Array(rows.length + 1);
  const events: number[] = [];
  for (const [r, row] of rows.entries()) {
    for (let e = from(row); e < end(row); e++) events.push(e);
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
