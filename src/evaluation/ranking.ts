import { rowOf } from "./evaluation-set.ts";
import type { EvaluationSet } from "./split.ts";

/** Where one viewer's held items came out among all candidates: everything a metric needs. */
export interface UserRanking {
  /** Ranks of the held items, 1 the best, ascending. */
  readonly ranks: Int32Array;
  /** The held item at each of `ranks`. */
  readonly held: Int32Array;
  /** How many items were ranked: candidates without what the viewer has seen. */
  readonly candidates: number;
  /** The best items, best first, at most as many as were asked for. */
  readonly top: Int32Array;
}

/** Ranks the candidates of one viewer after another; holds scratch memory, so one per evaluation. */
export interface Ranker {
  /**
   * Ranks one viewer.
   *
   * @param row The viewer's row in the evaluation set.
   * @param scores One finite number per item; larger is better.
   * @returns Where the held items came out.
   * @throws RangeError When a candidate's score is not finite.
   */
  rank(row: number, scores: Float32Array): UserRanking;
}

/**
 * A ranker over an evaluation set.
 *
 * Equal scores are ordered by a fixed scrambling of the item index: the same in every run and for every model, yet
 * unrelated to the order of the catalogue. By the index itself, a constant scorer over a catalogue that happens to be
 * sorted by popularity would look like a recommender.
 *
 * @param set Whose candidates, held and seen items are used.
 * @param options `itemCount` items in all; `topK` best items to keep.
 * @returns The ranker.
 */
export function createRanker(
  set: EvaluationSet,
  options: { readonly itemCount: number; readonly topK: number },
): Ranker {
  const { itemCount, topK } = options;
  const candidates = set.candidates ?? Int32Array.from({ length: itemCount }, (_, i) => i);
  const tie = Uint32Array.from({ length: itemCount }, (_, i) => scramble(i + 1));
  const masked = new Uint8Array(itemCount);
  const better = (scores: Float32Array, a: number, b: number): boolean =>
    scores[a]! > scores[b]! || (scores[a] === scores[b] && tie[a]! < tie[b]!);

  return {
    rank(row, scores) {
      const seen = rowOf(set.seen, row);
      for (const item of seen) masked[item] = 1;
      const held = rowOf(set.held, row).slice();
      held.sort((a, b) => (better(scores, a, b) ? -1 : 1));
      const worst = held.at(-1)!;
      // passed[j]: candidates that come before held[j] but not before held[j - 1].
      const passed = new Int32Array(held.length);
      const top = createTop(topK, (a, b) => better(scores, a, b));
      let count = 0;
      for (const item of candidates) {
        if (masked[item] === 1) continue;
        if (!Number.isFinite(scores[item])) {
          throw new RangeError(
            `Cannot rank items as scores must be finite: current value is ${scores[item]}. Look at the model that gave it`,
          );
        }
        count++;
        top.offer(item);
        if (item === worst || !better(scores, item, worst)) continue;
        let low = 0;
        let high = held.length - 1;
        while (low < high) {
          const middle = (low + high) >> 1;
          if (better(scores, item, held[middle]!)) high = middle;
          else low = middle + 1;
        }
        // A held item lands behind itself: it counts against those after it only.
        passed[low]!++;
      }
      for (const item of seen) masked[item] = 0;
      const ranks = new Int32Array(held.length);
      let before = 0;
      for (let j = 0; j < held.length; j++) {
        before += passed[j]!;
        ranks[j] = before + 1;
      }
      return { ranks, held, candidates: count, top: top.sorted() };
    },
  };
}

/** The `size` best of what is offered, in a heap whose root is the worst kept. */
function createTop(
  size: number,
  better: (a: number, b: number) => boolean,
): { offer(item: number): void; sorted(): Int32Array } {
  const heap = new Int32Array(size);
  let length = 0;
  return {
    offer(item) {
      if (length < size) {
        let child = length++;
        while (child > 0) {
          const parent = (child - 1) >> 1;
          if (!better(heap[parent]!, item)) break;
          heap[child] = heap[parent]!;
          child = parent;
        }
        heap[child] = item;
        return;
      }
      if (size === 0 || !better(item, heap[0]!)) return;
      let parent = 0;
      for (;;) {
        let child = 2 * parent + 1;
        if (child >= size) break;
        if (child + 1 < size && better(heap[child]!, heap[child + 1]!)) child++;
        if (!better(item, heap[child]!)) break;
        heap[parent] = heap[child]!;
        parent = child;
      }
      heap[parent] = item;
    },
    sorted: () => heap.slice(0, length).sort((a, b) => (better(a, b) ? -1 : 1)),
  };
}

/** A bijection of 32-bit numbers (the finaliser of MurmurHash3, which leaves 0 alone): distinct items never tie. */
function scramble(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
