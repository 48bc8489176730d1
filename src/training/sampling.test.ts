import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import { batchOrder } from "./batch-order.ts";
import { inclusionProbability } from "./inclusion-probability.ts";
import { mixedSampler } from "./negative-sampler.ts";

const csr = (rows: readonly (readonly number[])[]) => {
  const offsets = new Int32Array(rows.length + 1);
  for (const [row, entries] of rows.entries()) offsets[row + 1] = offsets[row]! + entries.length;
  return {
    offsets,
    indices: Int32Array.from(rows.flat()),
    weights: new Float32Array(rows.flat().length).fill(1),
  };
};

describe("batchOrder", () => {
  test("gives every viewer once, in batches whose sizes differ by one at most", () => {
    const users = Int32Array.from({ length: 103 }, (_, i) => i * 2);
    const batches = batchOrder(users, { batchUsers: 25, random: createRandom(1) });
    expect(batches.map((batch) => batch.length).sort()).toEqual([20, 20, 21, 21, 21]);
    expect(batches.flatMap((batch) => [...batch]).sort((a, b) => a - b)).toEqual([...users]);
  });
});

describe("mixedSampler", () => {
  test("draws by the mix of uniform and popular, and never what is not eligible", () => {
    const counts = Float64Array.of(8, 1, 1, 0, 90);
    const sampler = mixedSampler(counts, { popularShare: 0.6, eligible: Uint8Array.of(1, 1, 1, 1, 0) });
    // q = 0.4/4 + 0.6 · count/10
    expect([...sampler.probability]).toEqual([0.58, 0.16, 0.16, 0.1, 0].map((p) => expect.closeTo(p, 12)));
    const random = createRandom(7);
    const seen = new Float64Array(5);
    for (let i = 0; i < 40_000; i++) seen[sampler.draw(random)]!++;
    // Standard error of a share at 40,000 draws is below 0.0025; four of them.
    for (const [j, n] of seen.entries())
      expect(Math.abs(n / 40_000 - sampler.probability[j]!)).toBeLessThan(0.01);
    expect(seen[4]).toBe(0);
  });

  test("mixes in what was mined, one more of each so that every item keeps a chance", () => {
    const options = { popularShare: 0.1, hardShare: 0.3, eligible: Uint8Array.of(1, 1, 1, 1, 0) };
    const counts = Float64Array.of(6, 3, 1, 0, 90);
    const sampler = mixedSampler(counts, { ...options, mined: Float32Array.of(0, 1, 4, 1, 50) });
    // q = 0.6/4 + 0.3 · (mined + 1)/10 + 0.1 · count/10
    expect([...sampler.probability]).toEqual([0.24, 0.24, 0.31, 0.21, 0].map((p) => expect.closeTo(p, 12)));
    const before = mixedSampler(counts, options);
    // Nothing mined yet: 0.9/4 + 0.1 · count/10.
    expect([...before.probability]).toEqual(
      [0.285, 0.255, 0.235, 0.225, 0].map((p) => expect.closeTo(p, 12)),
    );
  });

  test("is uniform where nothing is popular, and refuses an empty catalogue", () => {
    const sampler = mixedSampler(new Float64Array(4), { popularShare: 1 });
    expect([...sampler.probability]).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(() => mixedSampler(new Float64Array(2), { popularShare: 0, eligible: new Uint8Array(2) })).toThrow(
      RangeError,
    );
  });
});

describe("inclusionProbability", () => {
  test("agrees with how often items get into drawn sets", () => {
    const random = createRandom(3);
    const positives = csr(
      Array.from({ length: 200 }, () => {
        const row = new Set<number>();
        while (row.size < 6) row.add(Math.floor(random.next() ** 2 * 40));
        return [...row].sort((a, b) => a - b);
      }),
    );
    const users = Int32Array.from({ length: 200 }, (_, i) => i);
    const counts = new Float64Array(40);
    for (const j of positives.indices) counts[j]!++;
    const sampler = mixedSampler(counts, { popularShare: 0.5 });
    const options = { batchUsers: 8, maxPositives: 3, proposal: sampler.probability, draws: 5 };
    const expected = inclusionProbability(positives, { users, ...options });
    const seen = new Float64Array(40);
    const runs = 20_000;
    for (let run = 0; run < runs; run++) {
      const present = new Uint8Array(40);
      // Seven others of the batch, each with three of six positives, and five draws.
      const batch = new Set<number>();
      while (batch.size < 7) batch.add(random.integer(200));
      for (const user of batch) {
        const row = [...positives.indices.subarray(user * 6, user * 6 + 6)];
        for (let k = 0; k < 3; k++) present[row.splice(random.integer(row.length), 1)[0]!] = 1;
      }
      for (let d = 0; d < 5; d++) present[sampler.draw(random)] = 1;
      for (let j = 0; j < 40; j++) seen[j]! += present[j]!;
    }
    // Statistical error below 0.015 (four standard errors); the O(1/N) of the product adds up to 7/200.
    for (let j = 0; j < 40; j++) expect(Math.abs(seen[j]! / runs - expected[j]!)).toBeLessThan(0.03);
  });
});
