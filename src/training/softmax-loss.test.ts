import { expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createRandom } from "../base/mod.ts";
import { constant, gradients, input, type Value } from "../graph/mod.ts";
import { emitOnnx } from "../onnx/mod.ts";
import { batchOrder } from "./batch-order.ts";
import { candidateSource } from "./candidates.ts";
import type { Preferences } from "./positives.ts";
import { softmaxLoss } from "./softmax-loss.ts";
import { trainingDefaults } from "./training-config.ts";

const users = 40;
const items = 300;
const dims = 6;
const random = createRandom(11);
const unit = (rows: number): Float32Array => {
  const values = Float32Array.from({ length: rows * dims }, () => random.normal());
  for (let row = 0; row < rows; row++) {
    const line = values.subarray(row * dims, (row + 1) * dims);
    const length = Math.hypot(...line);
    for (let i = 0; i < dims; i++) line[i]! /= length;
  }
  return values;
};
const userVectors = unit(users);
const itemVectors = unit(items);
const biases = Float32Array.from({ length: items }, () => 0.3 * random.normal());
const positives = (() => {
  const rows = Array.from({ length: users }, () => {
    const row = new Set<number>();
    while (row.size < 5) row.add(Math.floor(random.next() ** 2 * items));
    return [...row].sort((a, b) => a - b);
  });
  return {
    offsets: Int32Array.from({ length: users + 1 }, (_, at) => at * 5),
    indices: Int32Array.from(rows.flat()),
    weights: new Float32Array(users * 5).fill(1),
  };
})();
const empty = {
  offsets: new Int32Array(users + 1),
  indices: new Int32Array(0),
  weights: new Float32Array(0),
};
const preferences: Preferences = { positives, refused: empty };
const everyone = Int32Array.from({ length: users }, (_, i) => i);

const config = {
  batchUsers: 10,
  bceNegatives: 2,
  hardShare: 0,
  candidateItems: "all",
  loss: "softmax",
  maxPositives: 100,
  nopeWeight: 1,
  popularShare: 0.5,
  popularityDiscount: 0,
} as const;

/** The mean gradient by viewer 0's vector, over batches of viewer 0 and nine others drawn anew with the candidates. */
async function gradientOf(
  sampledNegatives: number | undefined,
  { seeds = 1, corrected = true } = {},
): Promise<Float64Array> {
  const source = candidateSource(preferences, {
    items,
    users: everyone,
    config: {
      ...config,
      maxCandidates: sampledNegatives === undefined ? items : 1,
      sampledNegatives: sampledNegatives ?? 1,
    },
  });
  const user = input("user", [10, dims]);
  const direction = input("items", ["candidates", dims]);
  const bias = input("bias", ["candidates", 1]);
  const targets = input("targets", [10, "candidates"]);
  const offset = input("offset", [10, "candidates"]);
  const loss = softmaxLoss({
    user,
    item: { direction, bias },
    logTemperature: constant([Math.log(0.5)], [1, 1]),
    targets,
    offset,
    samplingRate: 1,
    training: { ...trainingDefaults, loss: "softmax" },
  });
  const [gradient] = gradients(loss, [user]) as [Value];
  const runtime = await createOrtRuntime({ threads: 1 });
  const session = await runtime.load(
    emitOnnx({ name: "gradient", inputs: [user, direction, bias, targets, offset], outputs: { gradient } }),
  );
  const mean = new Float64Array(dims);
  for (let seed = 0; seed < seeds; seed++) {
    const random = createRandom(seed);
    const [others] = batchOrder(everyone.subarray(1), { batchUsers: users, random });
    const batch = Int32Array.of(0, ...others!.subarray(0, 9));
    const drawn = source.draw(batch, random);
    const count = drawn.items.length;
    const rows = (vectors: Float32Array, of: Int32Array) => {
      const data = Float32Array.from([...of].flatMap((j) => [...vectors.subarray(j * dims, (j + 1) * dims)]));
      return { dtype: "float32" as const, shape: [of.length, dims], data };
    };
    const shape = [10, count];
    const result = await session.run({
      user: rows(userVectors, batch),
      items: rows(itemVectors, drawn.items),
      bias: { dtype: "float32", shape: [count, 1], data: Float32Array.from(drawn.items, (j) => biases[j]!) },
      targets: { dtype: "float32", shape, data: drawn.targets },
      offset: {
        dtype: "float32",
        shape,
        data: (corrected ? drawn.offset : undefined) ?? new Float32Array(10 * count),
      },
    });
    for (let i = 0; i < dims; i++) mean[i]! += result["gradient"]!.data[i]! / seeds;
  }
  await session.close();
  return mean;
}

const distance = (a: Float64Array, b: Float64Array): number => Math.hypot(...a.map((x, i) => x - b[i]!));

test("the gradient over sampled candidates approaches that of the full softmax as samples grow", async () => {
  const full = await gradientOf(undefined);
  const error = async (negatives: number, seeds: number, corrected = true): Promise<number> =>
    distance(await gradientOf(negatives, { seeds, corrected }), full) / Math.hypot(...full);
  const few = await error(10, 400);
  const some = await error(100, 400);
  const many = await error(4000, 4);
  expect(few).toBeLessThan(0.15);
  expect(some).toBeLessThan(few);
  // The rarest items have q = 0.5/300, and (1 - q)^4000 = 0.0013 of them are still missing.
  expect(many).toBeLessThan(Math.min(some, 5e-3));
  // What the correction is for: without it the same samples point elsewhere, however many.
  expect(await error(100, 400, false)).toBeGreaterThan(3 * some);
});
