import { eventKinds } from "../catalogue/mod.ts";
import type { Histories } from "./encoded.ts";
import type { HistoryOptions } from "./history-options.ts";

const like = eventKinds.indexOf("like");
const nope = eventKinds.indexOf("nope");
const view = eventKinds.indexOf("view");
const day = 86_400_000;

/** What one viewer likes, or does not: items and weights, newest first, each item once. */
export interface Signals {
  count: number;
  /** Rows of the encoded items. */
  readonly item: Int32Array;
  /** Above 0. */
  readonly weight: Float64Array;
  /** Where in the histories each item's newest event stands. */
  readonly event: Int32Array;
}

/** Reusable room for {@link readSignals}: nothing is allocated per viewer. */
export interface SignalScratch {
  readonly positive: Signals;
  readonly nope: Signals;
  /** Per item row: the generation in which it was last met. */
  readonly stamp: Int32Array;
  /** Per item row: its slot in `positive` while an older event may still change it, else −1. */
  readonly slot: Int32Array;
  generation: number;
}

/**
 * Room for viewers over `itemRows` items.
 *
 * @param itemRows Rows of the encoded items.
 * @param limit Items kept of each kind.
 * @returns The scratch.
 */
export function createSignalScratch(itemRows: number, limit: number): SignalScratch {
  const room = Math.min(itemRows, limit);
  const signals = (): Signals => ({
    count: 0,
    item: new Int32Array(room),
    weight: new Float64Array(room),
    event: new Int32Array(room),
  });
  return {
    positive: signals(),
    nope: signals(),
    stamp: new Int32Array(itemRows),
    slot: new Int32Array(itemRows),
    generation: 0,
  };
}

/** The events of one viewer that may be read: not after `asOf`, and no more than `maxEvents`. */
export interface EventWindow {
  readonly start: number;
  readonly end: number;
}

/**
 * Finds the events of a viewer that may be read.
 *
 * @param histories Events by viewer, oldest first.
 * @param user Which viewer.
 * @param maxEvents Newest kept.
 * @returns Positions into the event columns.
 */
export function eventWindow(histories: Histories, user: number, maxEvents: number): EventWindow {
  const first = histories.offsets[user]!;
  const asOf = histories.asOf[user]!;
  let end = histories.offsets[user + 1]!;
  while (end > first && !(histories.at[end - 1]! <= asOf)) end--;
  return { start: Math.max(first, end - maxEvents), end };
}

/**
 * Sorts a viewer's events into likes and nopes.
 *
 * Each item counts once: of a like and a nope the newer decides, views only count where no nope stands, of a like and
 * views the heavier counts, at the time of the newest. A like weighs 1, a sufficiently watched view `viewWeight`,
 * times 2^(−age / halfLifeDays) counted from the newest kept event. The last `limit` items are taken first and `keep`
 * thins them after, so that dropout in training never shows events that serving would not. An item is kept where its
 * newest event is.
 *
 * @param histories Events by viewer, oldest first.
 * @param window The events to read.
 * @param options How to read, how many item rows there are (events on others are passed over), the 0/1 mask over
 *   all events, and room, whose signals are overwritten.
 */
export function readSignals(
  histories: Histories,
  window: EventWindow,
  options: {
    readonly history: HistoryOptions;
    readonly itemRows: number;
    readonly keep: Uint8Array | undefined;
    readonly scratch: SignalScratch;
  },
): void {
  const { history, itemRows, keep, scratch } = options;
  const { positive, nope: nopes, stamp, slot } = scratch;
  const generation = ++scratch.generation;
  positive.count = 0;
  nopes.count = 0;
  for (let e = window.end - 1; e >= window.start; e--) {
    const row = histories.item[e]!;
    const kind = histories.kind[e]!;
    let weight = 1;
    if (kind === view) weight = histories.watchFraction[e]! >= history.viewThreshold ? history.viewWeight : 0;
    else if (kind !== like && kind !== nope) continue;
    if (weight === 0 || row < 0 || row >= itemRows) continue;
    if (stamp[row] === generation) {
      const at = slot[row]!;
      if (at < 0 || kind === view) continue;
      // Only views so far: the decision under them either lifts the weight or takes the item out.
      positive.weight[at] = kind === like ? 1 : 0;
      slot[row] = -1;
      if (kind === like) continue;
    } else {
      stamp[row] = generation;
      slot[row] = -1;
    }
    const signals = kind === nope ? nopes : positive;
    if (signals.count >= history.limit) continue;
    if (kind === view) slot[row] = signals.count;
    signals.item[signals.count] = row;
    signals.weight[signals.count] = weight;
    signals.event[signals.count++] = e;
  }
  thin(positive, keep);
  thin(nopes, keep);
  if (history.halfLifeDays !== null) {
    fade(positive, histories.at, history.halfLifeDays * day);
    fade(nopes, histories.at, history.halfLifeDays * day);
  }
}

function thin(signals: Signals, keep: Uint8Array | undefined): void {
  let kept = 0;
  for (let i = 0; i < signals.count; i++) {
    if (signals.weight[i] === 0 || (keep !== undefined && keep[signals.event[i]!] === 0)) continue;
    signals.item[kept] = signals.item[i]!;
    signals.weight[kept] = signals.weight[i]!;
    signals.event[kept] = signals.event[i]!;
    kept++;
  }
  signals.count = kept;
}

// weight · 2^(−(newest − at) / halfLife). Counting from the newest event instead of asOf changes nothing once the
// pooled row is normalised, and keeps a viewer who was long away from underflowing to nothing.
function fade(signals: Signals, at: Float64Array, halfLife: number): void {
  if (signals.count === 0) return;
  const newest = at[signals.event[0]!]!;
  for (let i = 0; i < signals.count; i++) {
    signals.weight[i]! *= 2 ** ((at[signals.event[i]!]! - newest) / halfLife);
  }
}
