import { likedItems } from "./liked-items.ts";
import { ndcgAt } from "./metrics/ndcg.ts";
import { recallAt } from "./metrics/recall.ts";
import type { UserRanking } from "./ranking.ts";
import type { Segment } from "./report-data.ts";
import type { Split } from "./split.ts";

/** A segment, and the held items of a viewer that belong to it. */
export interface SegmentRule extends Segment {
  /** Whether a held item of a viewer belongs here. */
  includes(row: number, item: number): boolean;
}

const historyBounds = [0, 20, 50, 100, 200, Number.POSITIVE_INFINITY];

/**
 * The segments of a split's test part that are not empty: viewers by likes given, and held items by popularity, where
 * head, middle and tail each account for a third of the likes in training.
 *
 * @param split Whose test part is divided.
 * @param trainLikes Likes in training per item.
 * @returns The segments in the order of reports.
 */
export function segmentsOf(split: Split, trainLikes: Int32Array): readonly SegmentRule[] {
  const { test } = split;
  const given = likedItems(test.given).offsets;
  const givenCount = (row: number): number => given[row + 1]! - given[row]!;
  const rules: Pick<SegmentRule, "name" | "by" | "includes">[] = [];
  for (let b = 0; b + 1 < historyBounds.length; b++) {
    const above = historyBounds[b]!;
    const upTo = historyBounds[b + 1]!;
    rules.push({
      name: Number.isFinite(upTo) ? `${above + 1}–${upTo} likes given` : `over ${above} likes given`,
      by: "history",
      includes: (row) => givenCount(row) > above && givenCount(row) <= upTo,
    });
  }
  const band = popularityBands(trainLikes);
  for (const [code, name] of ["head items", "middle items", "tail items", "untrained items"].entries()) {
    rules.push({ name, by: "popularity", includes: (_row, item) => band[item] === code });
  }
  return rules.map((rule) => count(rule, test)).filter(({ held }) => held > 0);
}

/**
 * NDCG@k and recall@k counting only the held items of one segment, among all candidates.
 *
 * @param rankings Every viewer's ranking.
 * @param rule The segment.
 * @param options Cuts, and what recall is divided by.
 * @returns Means over the viewers that have such items, by name.
 */
export function segmentMetrics(
  rankings: readonly UserRanking[],
  rule: SegmentRule,
  options: { readonly ks: readonly number[]; readonly recallDivisor: Split["recallDivisor"] },
): Record<string, number> {
  const sums: Record<string, number> = {};
  let viewers = 0;
  for (const [row, { ranks, held }] of rankings.entries()) {
    const chosen = ranks.filter((_, j) => rule.includes(row, held[j]!));
    if (chosen.length === 0) continue;
    viewers++;
    for (const k of options.ks) {
      sums[`ndcg@${k}`] = (sums[`ndcg@${k}`] ?? 0) + ndcgAt(chosen, k);
      sums[`recall@${k}`] = (sums[`recall@${k}`] ?? 0) + recallAt(chosen, k, options.recallDivisor);
    }
  }
  for (const name of Object.keys(sums)) sums[name]! /= viewers;
  return sums;
}

function count(rule: Pick<SegmentRule, "name" | "by" | "includes">, test: Split["test"]): SegmentRule {
  let viewers = 0;
  let held = 0;
  for (let row = 0; row < test.people.length; row++) {
    let own = 0;
    for (let e = test.held.offsets[row]!; e < test.held.offsets[row + 1]!; e++) {
      if (rule.includes(row, test.held.items[e]!)) own++;
    }
    held += own;
    if (own > 0) viewers++;
  }
  return { ...rule, viewers, held };
}

function popularityBands(likes: Int32Array): Uint8Array {
  const byLikes = Int32Array.from(likes.keys()).sort((a, b) => likes[b]! - likes[a]! || a - b);
  const total = likes.reduce((sum, count) => sum + count, 0);
  const bands = new Uint8Array(likes.length);
  let before = 0;
  for (const item of byLikes) {
    bands[item] = likes[item] === 0 ? 3 : Math.min(2, Math.floor((3 * before) / total));
    before += likes[item]!;
  }
  return bands;
}
