import { expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createRandom } from "../base/mod.ts";
import { constant, gradients, input, type Value } from "../graph/mod.ts";
import { emitOnnx } from "../onnx/mod.ts";
import { candidateSource } from "./candidates.ts";
import { countNeighbours } from "./hard-negatives.ts";
import type { Preferences } from "./positives.ts";
import { trainingDefaults } from "./training-config.ts";
import { trainingLoss } from "./training-loss.ts";

// 256 viewers with 16 positives each of 1,024 items: every item has one, those in front of the catalogue more.
const users = 256;
const items = 1024;
const dims = 6;
const random = createRandom(5);
/** Unit vectors, drawn towards the first axis by as much as `pull` says. */
const vectors = (rows: number, pull: (row: number) => number): Float32Array => {
  const values = Float32Array.from({ length: rows * dims }, () => random.normal());
  for (let row = 0; row < rows; row++) {
    const line = values.subarray(row * dims, (row + 1) * dims);
    line[0]! += pull(row);
    const length = Math.hypot(...line);
    for (let i = 0; i < dims; i++) line[i]! /= length;
  }
  return values;
};
// What is popular is what most viewers are near to: a sample that is not corrected points there.
const viewer = vectors(users, () => 2);
const catalogue = vectors(items, (j) => 3 - (6 * j) / items);
const own = Array.from({ length: users }, (_, u) => {
  const row = new Set([0, 1, 2, 3].map((k) => u * 4 + k));
  while (row.size < 16) row.add(Math.floor(random.next() ** 2 * items));
  return [...row].sort((a, b) => a - b);
});
const preferences: Preferences = {
  positives: {
    offsets: Int32Array.from({ length: users + 1 }, (_, u) => u * 16),
    indices: Int32Array.from(own.flat()),
    weights: new Float32Array(users * 16).fill(1),
  },
  refused: {
    offsets: new Int32Array(users + 1),
    indices: new Int32Array(0),
    weights: new Float32Array(0),
  },
};
const everyone = Int32Array.from({ length: users }, (_, u) => u);

/** Near neighbours as the model of these vectors has them. */
const mined = (() => {
  const scores = Float32Array.from({ length: users * items }, (_, at) => {
    const [u, j] = [Math.floor(at / items) * dims, (at % items) * dims];
    let sum = 0;
    for (let i = 0; i < dims; i++) sum += viewer[u + i]! * catalogue[j + i]!;
    return sum;
  });
  const into = new Float32Array(items);
  countNeighbours(scores, {
    viewers: everyone,
    positives: preferences.positives,
    eligible: new Uint8Array(items).fill(1),
    training: { hardSkip: 5, hardDepth: 40 },
    into,
  });
  return into;
})();

const user = input("user", [1, dims]);
const direction = input("items", ["candidates", dims]);
const targets = input("targets", [1, "candidates"]);
const offset = input("offset", [1, "candidates"]);
const runtime = await createOrtRuntime({ threads: 1 });

type Mix = { readonly hardShare: number; readonly popularShare: number };

/** How far gradients by the first viewer's vector are from that of the full softmax, relative, as the root of mean squares. */
async function meanError(
  loss: "softmax" | "softmax_single",
  mix: Mix,
): Promise<(negatives: number, seeds: number, corrected?: boolean) => Promise<number>> {
  const total = trainingLoss({
    user,
    item: { direction, bias: undefined },
    logTemperature: constant([Math.log(0.5)], [1, 1]),
    targets,
    offset,
    samplingRate: 1,
    training: { ...trainingDefaults, loss },
  });
  const [gradient] = gradients(total, [user]) as [Value];
  const session = await runtime.load(
    emitOnnx({ name: "gradient", inputs: [user, direction, targets, offset], outputs: { gradient } }),
  );
  const gradientsOf = async (
    negatives: number | undefined,
    { seeds, corrected }: { readonly seeds: number; readonly corrected: boolean },
  ): Promise<Float32Array[]> => {
    const source = candidateSource(preferences, {
      items,
      users: everyone,
      // One viewer a step, so that draws alone decide which candidates there are.
      config: {
        ...trainingDefaults,
        ...mix,
        loss,
        batchUsers: 1,
        maxCandidates: negatives === undefined ? items : 1,
        sampledNegatives: negatives ?? 1,
      },
    });
    source.harden?.(mined);
    const found: Float32Array[] = [];
    for (let seed = 0; seed < seeds; seed++) {
      const drawn = source.draw(Int32Array.of(0), createRandom(seed));
      const shape = [1, drawn.items.length];
      const rows = new Float32Array(drawn.items.length * dims);
      for (const [at, j] of drawn.items.entries()) {
        rows.set(catalogue.subarray(j * dims, (j + 1) * dims), at * dims);
      }
      const result = await session.run({
        user: { dtype: "float32", shape: [1, dims], data: viewer.slice(0, dims) },
        items: { dtype: "float32", shape: [drawn.items.length, dims], data: rows },
        targets: { dtype: "float32", shape, data: drawn.targets },
        offset: {
          dtype: "float32",
          shape,
          // Without the correction: what is removed stays removed.
          data: Float32Array.from({ length: drawn.items.length }, (_, at) => {
            const value = drawn.offset?.[at] ?? 0;
            return corrected || value < -1e6 ? value : 0;
          }),
        },
      });
      found.push((result["gradient"]!.data as Float32Array).slice());
    }
    return found;
  };
  const [full] = (await gradientsOf(undefined, { seeds: 1, corrected: true })) as [Float32Array];
  return async (negatives, seeds, corrected = true) => {
    let sum = 0;
    for (const found of await gradientsOf(negatives, { seeds, corrected })) {
      sum += found.reduce((square, x, i) => square + (x - full[i]!) ** 2, 0) / seeds;
    }
    return Math.sqrt(sum) / Math.hypot(...full);
  };
}

test.each([
  { mix: "uniform", loss: "softmax", hardShare: 0, popularShare: 0 },
  { mix: "popular", loss: "softmax", hardShare: 0, popularShare: 1 },
  { mix: "hard", loss: "softmax", hardShare: 1, popularShare: 0 },
  { mix: "60/30/10", loss: "softmax", hardShare: 0.3, popularShare: 0.1 },
  { mix: "60/30/10", loss: "softmax_single", hardShare: 0.3, popularShare: 0.1 },
] as const)(
  "with $mix negatives the gradient of $loss nears the exact one as 1/√n",
  async ({ loss, hardShare, popularShare }) => {
    const error = await meanError(loss, { hardShare, popularShare });
    const seeds = 200;
    const few = await error(12, seeds);
    const many = await error(192, seeds);
    // With 200 samples a root of mean squares is known to 5 %, hence the exponent to 0.07/log 16 = 0.025; three of them.
    expect(Math.log(few / many) / Math.log(16)).toBeGreaterThan(0.5 - 0.075);
    expect(Math.log(few / many) / Math.log(16)).toBeLessThan(0.5 + 0.075);
    // Not only slower: without the correction, the gradient of a mix goes elsewhere.
    const uncorrected = await error(192, seeds, false);
    if (hardShare + popularShare > 0) expect(uncorrected).toBeGreaterThan(1.4 * many);
    // The rarest item has q = 1/11,264 (hard, never found): all are in but for (1 - q)^409,600 = e^-36 of them.
    expect(await error(items * 400, 1)).toBeLessThan(1e-5);
  },
);
