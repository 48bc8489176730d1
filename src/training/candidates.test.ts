import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import { type CandidateOptions, candidateSource } from "./candidates.ts";
import type { Preferences } from "./positives.ts";

const row = (...entries: readonly (readonly number[])[]) => {
  const offsets = new Int32Array(entries.length + 1);
  for (const [at, items] of entries.entries()) offsets[at + 1] = offsets[at]! + items.length;
  const indices = Int32Array.from(entries.flat());
  return { offsets, indices, weights: new Float32Array(indices.length).fill(1) };
};
// Two viewers over six items: 0 likes 1 and 3 and refused 4, 1 likes 3 and 4; 0, 2 and 5 have no likes.
const preferences: Preferences = { positives: row([1, 3], [3, 4]), refused: row([4], []) };
const options = (changes: Partial<CandidateOptions["config"]> = {}): CandidateOptions => ({
  items: 6,
  users: Int32Array.of(0, 1),
  config: {
    batchUsers: 2,
    bceNegatives: 2,
    candidateItems: "liked",
    hardShare: 0,
    loss: "softmax",
    maxCandidates: 100,
    maxPositives: 100,
    nopeWeight: 1,
    popularShare: 0.5,
    popularityDiscount: 0,
    sampledNegatives: 3,
    ...changes,
  },
});
const users = Int32Array.of(1, 0);

describe("candidateSource over a whole catalogue", () => {
  test.each([100, 2])(
    "[TR12] a discount of popularity is d · log(likes + 1), with up to %i whole",
    (maxCandidates) => {
      const { adjustment } = candidateSource(
        preferences,
        options({ popularityDiscount: 0.5, maxCandidates }),
      );
      // Items 1 and 4 have one like, item 3 two.
      const expected = [1, 2, 1, 3, 2, 1].map((likes) => 0.5 * Math.log(likes));
      for (const [item, value] of expected.entries()) expect(adjustment![item]).toBeCloseTo(value, 6);
      expect(candidateSource(preferences, options({ maxCandidates })).adjustment).toBeUndefined();
    },
  );

  test("scores every liked item, exactly", () => {
    const source = candidateSource(preferences, options());
    const batch = source.draw(users, createRandom(1));
    expect(source.fixed).toEqual(Int32Array.of(1, 3, 4));
    expect([...batch.targets]).toEqual([0, 1, 1, 1, 1, 0]);
    expect(batch.offset).toBeUndefined();
  });

  test("scores all items where told", () => {
    expect(candidateSource(preferences, options({ candidateItems: "all" })).fixed).toHaveLength(6);
  });

  test("leaves a viewer's own positives out of the denominator for softmax_single", () => {
    const { offset } = candidateSource(preferences, options({ loss: "softmax_single" })).draw(
      users,
      createRandom(1),
    );
    expect([...offset!]).toEqual([0, -1e9, -1e9, -1e9, -1e9, 0]);
  });

  test("counts a refused item as several negatives", () => {
    const { offset } = candidateSource(preferences, options({ nopeWeight: 3 })).draw(users, createRandom(1));
    expect([...offset!]).toEqual([0, 0, 0, 0, 0, Math.fround(Math.log(3))]);
  });
});

describe("candidateSource over a sample", () => {
  test("never corrects a viewer's own positives and corrects everything else by its inclusion", () => {
    const source = candidateSource(preferences, options({ maxCandidates: 2 }));
    expect(source.fixed).toBeUndefined();
    const { items, targets, offset } = source.draw(users, createRandom(1));
    expect(items).toEqual(Int32Array.of(1, 3, 4));
    expect([...targets]).toEqual([0, 1, 1, 1, 1, 0]);
    // Both viewers share every batch: item 1 is always brought by viewer 0, and item 4 by viewer 1.
    expect([...offset!]).toEqual([0, 0, 0, 0, 0, 0].map((x) => expect.closeTo(x, 6)));
  });

  test("draws hard negatives as they were mined, and corrects them by that", () => {
    // Items 0, 2 and 5 nobody likes, so that draws alone bring them; one draw a step, all of it hard.
    const source = candidateSource(
      preferences,
      options({
        candidateItems: "all",
        maxCandidates: 2,
        hardShare: 1,
        popularShare: 0,
        sampledNegatives: 1,
      }),
    );
    source.harden!(Float32Array.of(3, 0, 0, 0, 0, 0));
    // (mined + 1) / Σ (mined + 1) = 4/9 for item 0, and 1/9 for 2 and 5; π of one draw is q.
    const expected = new Map([0, 2, 5].map((j) => [j, -Math.log(j === 0 ? 4 / 9 : 1 / 9)]));
    const seen = new Map<number, number>();
    for (let seed = 0; seed < 900; seed++) {
      const { items, offset } = source.draw(users, createRandom(seed));
      for (const [at, j] of items.entries()) {
        if (!expected.has(j)) continue;
        seen.set(j, (seen.get(j) ?? 0) + 1);
        expect(offset![at]).toBeCloseTo(expected.get(j)!, 5);
      }
    }
    // 400 and 100 of 900; standard errors 15 and 9.
    expect(Math.abs(seen.get(0)! - 400)).toBeLessThan(60);
    expect(Math.abs(seen.get(2)! - 100)).toBeLessThan(36);
  });

  test("draws nothing hard where nothing is drawn at all", () => {
    expect(candidateSource(preferences, options({ hardShare: 0.3 })).harden).toBeUndefined();
    expect(candidateSource(preferences, options({ maxCandidates: 2 })).harden).toBeUndefined();
  });

  test("weighs the chosen positives up where a viewer has more than enter a step", () => {
    const source = candidateSource(preferences, options({ maxCandidates: 2, maxPositives: 1 }));
    const sums = [0, 0];
    for (let seed = 0; seed < 200; seed++) {
      const { items, targets } = source.draw(users, createRandom(seed));
      for (const [at, weight] of targets.entries()) {
        expect([0, 2]).toContain(weight);
        sums[Math.floor(at / items.length)]! += weight;
      }
    }
    expect(sums).toEqual([400, 400]);
  });
});
