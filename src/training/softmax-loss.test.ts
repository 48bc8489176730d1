import { expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createRandom } from "../base/mod.ts";
import { constant, gradients, input, parameter, type Value } from "../graph/mod.ts";
import { emitOnnx } from "../onnx/mod.ts";
import { candidateSource } from "./candidates.ts";
import type { Preferences } from "./positives.ts";
import { softmaxLoss } from "./softmax-loss.ts";

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
const batch = everyone.subarray(0, 10);

const config = {
  batchUsers: 10,
  candidateItems: "all",
  loss: "softmax",
  maxPositives: 100,
  nopeWeight: 1,
  popularShare: 0.5,
} as const;

/** The gradient by the batch's user vectors, as one run of a graph over the drawn candidates. */
async function gradientOf(sampledNegatives: number | undefined, seeds: number): Promise<Float64Array> {
  const source = candidateSource(preferences, {
    items,
    users: everyone,
    config: {
      ...config,
      maxCandidates: sampledNegatives === undefined ? items : 1,
      sampledNegatives: sampledNegatives ?? 1,
    },
  });
  const user = parameter("user", [batch.length, dims]);
  const direction = input("items", ["candidates", dims]);
  const bias = input("bias", ["candidates", 1]);
  const targets = input("targets", [batch.length, "candidates"]);
  const offset = input("offset", [batch.length, "candidates"]);
  const loss = softmaxLoss({
    user,
    item: { direction, bias },
    logTemperature: constant([Math.log(0.5)], [1, 1]),
    targets,
    offset,
    loss: "softmax",
  });
  const [gradient] = gradients(loss, [user]) as [Value];
  const runtime = await createOrtRuntime({ threads: 1 });
  const session = await runtime.load(
    emitOnnx({
      name: "gradient",
      inputs: [direction, bias, targets, offset],
      outputs: { gradient },
      parameters: { user: userVectors.slice(0, batch.length * dims) },
    }),
  );
  const mean = new Float64Array(batch.length * dims);
  for (let seed = 0; seed < seeds; seed++) {
    const drawn = source.draw(batch, createRandom(seed));
    const count = drawn.items.length;
    const shape = [batch.length, count];
    const result = await session.run({
      items: {
        dtype: "float32",
        shape: [count, dims],
        data: Float32Array.from(
          [...drawn.items].flatMap((j) => [...itemVectors.subarray(j * dims, (j + 1) * dims)]),
        ),
      },
      bias: { dtype: "float32", shape: [count, 1], data: Float32Array.from(drawn.items, (j) => biases[j]!) },
      targets: { dtype: "float32", shape, data: drawn.targets },
      offset: { dtype: "float32", shape, data: drawn.offset ?? new Float32Array(batch.length * count) },
    });
    for (let i = 0; i < mean.length; i++) mean[i]! += result["gradient"]!.data[i]! / seeds;
  }
  await session.close();
  return mean;
}

const distance = (a: Float64Array, b: Float64Array): number => Math.hypot(...a.map((x, i) => x - b[i]!));

test("the gradient over sampled candidates approaches that of the full softmax as samples grow", async () => {
  const full = await gradientOf(undefined, 1);
  const size = Math.hypot(...full);
  const few = distance(await gradientOf(20, 200), full) / size;
  const some = distance(await gradientOf(200, 8), full) / size;
  const many = distance(await gradientOf(4000, 8), full) / size;
  expect(some).toBeLessThan(few);
  expect(many).toBeLessThan(some);
  // The rarest items have q = 0.5/300, and (1 - q)^4000 = 0.0013 of them are still missing.
  expect(many).toBeLessThan(5e-3);
  expect(few).toBeLessThan(0.1);
});
