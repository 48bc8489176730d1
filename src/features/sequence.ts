import * as z from "zod/mini";
import type { Csr } from "../base/mod.ts";
import { eventKinds } from "../catalogue/mod.ts";
import { featureName } from "./declaration.ts";
import type { Histories, SequenceRows } from "./encoded.ts";

/**
 * What a viewer did, in order: the last `length` events, oldest first, each with its item's row, the time since the event
 * before, and what kind of event it was. For towers that know order.
 */
export const sequenceFeature = z.strictObject({
  kind: z.literal("sequence"),
  name: featureName,
  /** The item feature whose rows the items are: of kind `id`. */
  of: z._default(featureName, "id"),
  /** Events that are read, newest kept. */
  length: z._default(z.int().check(z.minimum(1), z.maximum(1_000)), 100),
});

/** See {@link sequenceFeature}. */
export type SequenceFeature = z.output<typeof sequenceFeature>;

/** Kinds of feature that sum up a viewer's events; a sequence takes their place. */
export const pooledKinds: ReadonlySet<string> = new Set(["history", "distribution", "activity", "pattern"]);

const like = eventKinds.indexOf("like");
const nope = eventKinds.indexOf("nope");

/** Watched shares at which a view becomes another kind of event, as the columns hold them. */
const watchEdges = [0.1, 0.5, 0.9].map(Math.fround);

/** Kinds of event in a sequence: the start, like, nope, view of unknown share, and a view by watched share in four bands. */
export const sequenceKinds = 4 + watchEdges.length + 1;

/** Buckets of the time since the event before: none before, then doubling from 1 second to 1 year. */
export const sequenceGaps = 28;

/**
 * The kind of an event: 1 like, 2 nope, 3 view of unknown share, 4-7 view by watched share (below 10 %, 50 %, 90 %, more);
 * 0 is the start of a sequence.
 */
function kindOf(kind: number, watchFraction: number): number {
  if (kind === like) return 1;
  if (kind === nope) return 2;
  if (Number.isNaN(watchFraction)) return 3;
  let band = 4;
  for (const edge of watchEdges) if (watchFraction >= edge) band++;
  return band;
}

/** The bucket of a gap in milliseconds: 1 + ⌊log₂(1 + seconds)⌋, at most the last. */
function gapOf(milliseconds: number): number {
  const seconds = Math.max(0, milliseconds) / 1000;
  return Math.min(sequenceGaps - 1, 1 + Math.floor(Math.log2(1 + seconds)));
}

/** The events of a viewer that a sequence holds: from `start` up to but not `end` in the columns. */
function stepsOf(feature: SequenceFeature, histories: Histories, user: number): readonly [number, number] {
  const first = histories.offsets[user]!;
  let end = histories.offsets[user + 1]!;
  while (end > first && !(histories.at[end - 1]! <= histories.asOf[user]!)) end--;
  return [Math.max(first, end - feature.length), end];
}

/**
 * What the steps of one viewer's row are, after its start.
 *
 * @param feature The declaration.
 * @param histories Of one viewer, as given to {@link encodeSequences}.
 * @returns The row of each step's item, where `histories.item` counts.
 */
export function sequenceEvents(feature: SequenceFeature, histories: Histories): Int32Array {
  return histories.item.slice(...stepsOf(feature, histories, 0));
}

/**
 * Encodes what viewers did in order.
 *
 * Each row begins with a start (item 0, gap 0, kind 0), so that a viewer of whom nothing is known has a row to compute
 * with. An item that fitting did not know is item 0. The gap of the first event is 0 whatever was before it, so that a
 * server which fetched no more gives the same row.
 *
 * @param feature The declaration.
 * @param histories Events by viewer, oldest first.
 * @param ids The item rows' entries in the id feature: `encodeItems(…).bags[feature.of]`.
 * @returns One row per viewer, of 1 to `length + 1` steps.
 */
export function encodeSequences(feature: SequenceFeature, histories: Histories, ids: Csr): SequenceRows {
  const users = histories.offsets.length - 1;
  const starts = new Int32Array(users);
  const ends = new Int32Array(users);
  const offsets = new Int32Array(users + 1);
  for (let user = 0; user < users; user++) {
    const [start, end] = stepsOf(feature, histories, user);
    starts[user] = start;
    ends[user] = end;
    offsets[user + 1] = offsets[user]! + 1 + end - start;
  }
  const total = offsets[users]!;
  const items = new Int32Array(total);
  const gaps = new Int32Array(total);
  const kinds = new Int32Array(total);
  for (let user = 0; user < users; user++) {
    const start = starts[user]!;
    let to = offsets[user]! + 1;
    for (let e = start; e < ends[user]!; e++, to++) {
      const row = histories.item[e]!;
      const entry = ids.offsets[row];
      if (entry !== undefined && entry < ids.offsets[row + 1]!) items[to] = ids.indices[entry]!;
      if (e > start) gaps[to] = gapOf(histories.at[e]! - histories.at[e - 1]!);
      kinds[to] = kindOf(histories.kind[e]!, histories.watchFraction[e]!);
    }
  }
  return { offsets, items, gaps, kinds };
}
