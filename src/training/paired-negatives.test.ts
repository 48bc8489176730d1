import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import { buildDataset } from "../catalogue/mod.ts";
import { readAvailability } from "./availability.ts";
import { candidateSource } from "./candidates.ts";
import { readPreferences } from "./positives.ts";
import { resolveTrainingConfig } from "./training-config.ts";

// Items a to f; c is released at 500 and f, liked by nobody, at 50. p likes a at 100 and b at 1000; q likes c at 600, d at
// 300 and a at 900. Known since: a 100, b 1000, c 500, d 300, e (nothing is known of it), f 50.
const item = (id: string, releasedAt?: number) => ({
  id,
  title: id,
  fields: {},
  ...(releasedAt === undefined ? {} : { releasedAt }),
});
const like = (personId: string, itemId: string, at: number) => ({
  personId,
  itemId,
  kind: "like" as const,
  at,
});
const { dataset } = buildDataset({
  items: [item("a"), item("b", 2000), item("c", 500), item("d"), item("e"), item("f", 50)],
  people: [
    { id: "p", fields: {} },
    { id: "q", fields: {} },
  ],
  events: [
    like("p", "a", 100),
    like("q", "d", 300),
    like("q", "c", 600),
    like("q", "a", 900),
    like("p", "b", 1000),
  ],
});
const [a, b, c, d, e, f] = [0, 1, 2, 3, 4, 5] as const;
const never = Number.NEGATIVE_INFINITY;

function sourceOf(options: Parameters<typeof resolveTrainingConfig>[0]) {
  const config = resolveTrainingConfig({ loss: "bce", candidateItems: "all", batchUsers: 2, ...options });
  const preferences = readPreferences(dataset, config);
  const availability = readAvailability(dataset, preferences.positives);
  return candidateSource(preferences, {
    items: 6,
    users: Int32Array.of(0, 1),
    config,
    availability,
  });
}

test("an item is there from its release, or from its first event where that is earlier or all that is known", () => {
  const { positives } = readPreferences(dataset, resolveTrainingConfig());
  const { since, takenAt } = readAvailability(dataset, positives);
  expect([...since]).toEqual([100, 1000, 500, 300, never, 50]);
  // Rows are sorted by item: p took a and b, q took a, c and d.
  expect([...takenAt]).toEqual([100, 1000, 900, 600, 300]);
});

describe.each([
  { kind: "whole catalogue", options: {} },
  {
    kind: "shared sample",
    options: { maxCandidates: 2, sampledNegatives: 64, hardShare: 0, popularShare: 0 },
  },
])("negatives of bce over a $kind", ({ options }) => {
  test("are two for each positive, that existed when it was taken, and that the viewer did not take", () => {
    const seen = [new Set<number>(), new Set<number>()];
    for (let seed = 0; seed < 100; seed++) {
      const { items, targets, offset } = sourceOf(options).draw(Int32Array.of(0, 1), createRandom(seed));
      for (const row of [0, 1]) {
        const standsFor = (at: number): number => Math.exp(offset![row * items.length + at]!);
        const negatives = [...items.keys()].filter((at) => standsFor(at) > 0);
        const sum = negatives.reduce((total, at) => total + standsFor(at), 0);
        expect(sum).toBeCloseTo(row === 0 ? 4 : 6, 5);
        for (const at of negatives) {
          expect(targets[row * items.length + at]).toBe(0);
          seen[row]!.add(items[at]!);
        }
      }
    }
    // p took a at 100, when e and f were there, and b at 1000, when c and d were, too. q never sees b, which was taken at
    // 1000 for the first time.
    expect(seen.map((own) => [...own].sort())).toEqual([
      [c, d, e, f],
      [e, f],
    ]);
    expect(seen[1]!.has(a) || seen[1]!.has(b)).toBe(false);
  });

  test("weigh what their positive weighs, and are none where nothing was there", () => {
    // Nothing but a's own viewers' likes is left to draw from: d is q's own, and at 100 there was nothing else for p.
    const source = sourceOf({ ...options, candidateItems: "liked", likeWeight: 0.5 });
    const { items, offset } = source.draw(Int32Array.of(0, 1), createRandom(1));
    const sums = [0, 1].map((row) =>
      [...items.keys()].reduce((sum, at) => sum + Math.exp(offset![row * items.length + at]!), 0),
    );
    // p: two negatives for b at 0.5 each (c or d), none for a. q: a, c and d are its own, b came later.
    expect(sums[0]).toBeCloseTo(1, 5);
    expect(sums[1]).toBe(0);
  });
});
