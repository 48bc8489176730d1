import { describe, expect, test } from "vitest";
import { constant, gradients, type Node, parameter, type Value } from "../graph/mod.ts";
import { createPortableRuntime, emitOnnx } from "../onnx/mod.ts";
import { gbcePower } from "./binary-loss.ts";
import { expectCentralDifferences } from "./central-differences.conformance.ts";
import { type LossConfig, lossDefaults, lossNames } from "./loss-config.ts";
import { trainingLoss } from "./training-loss.ts";

const runtime = createPortableRuntime({ precision: "float64" });

const removed = -1e9;

/** Every number that goes into a loss; two viewers over four candidates, three dimensions. */
const values: Readonly<
  Record<string, { readonly shape: readonly [number, number]; readonly data: number[] }>
> = {
  user: { shape: [2, 3], data: [0.6, -0.3, 0.5, -0.2, 0.7, 0.4] },
  direction: { shape: [4, 3], data: [0.5, 0.1, 0.8, -0.4, 0.9, 0.3, 0.2, -0.6, 0.7, 0.9, 0.2, -0.1] },
  bias: { shape: [4, 1], data: [0.1, -0.2, 0.3, 0.05] },
  logTemperature: { shape: [1, 1], data: [Math.log(0.4)] },
};

function lossOf(
  config: Partial<LossConfig>,
  parts: Readonly<Record<string, Value>>,
  { targets, offset }: { readonly targets: Value; readonly offset: Value | undefined },
): Value {
  return trainingLoss({
    user: parts["user"]!,
    item: { direction: parts["direction"]!, bias: parts["bias"] },
    logTemperature: parts["logTemperature"]!,
    adjustment: parts["adjustment"],
    targets,
    offset,
    samplingRate: 0.25,
    training: { ...lossDefaults, ...config },
  });
}

async function evaluate(loss: Value): Promise<number> {
  const session = await runtime.load(emitOnnx({ name: "loss", inputs: [], outputs: { loss } }));
  return (await session.run({}))["loss"]!.data[0]!;
}

test.each(["softmax", "softmax_single", "gbce", "bce"] as const)(
  "%s: an adjustment a of the logits is a bias of τ a",
  async (loss) => {
    // z = (u · v + c) / τ + a = (u · v + (c + τ a)) / τ
    const parts = Object.fromEntries(
      Object.entries(values).map(([name, { data, shape }]) => [name, constant(data, shape)]),
    );
    const added = [0.3, -0.8, 0, 1.1];
    const bias = values["bias"]!.data.map((c, j) => c + 0.4 * added[j]!);
    const targets = constant([1, 0, 0, 0.5, 0, 2, 0, 0], [2, 4]);
    const inputs = { targets, offset: undefined };
    const adjusted = lossOf({ loss }, { ...parts, adjustment: constant(added, [1, 4]) }, inputs);
    const biased = lossOf({ loss }, { ...parts, bias: constant(bias, [4, 1]) }, inputs);
    expect(await evaluate(adjusted)).toBeCloseTo(await evaluate(biased), 6);
    expect(await evaluate(adjusted)).not.toBeCloseTo(await evaluate(lossOf({ loss }, parts, inputs)), 3);
  },
);

describe("gradients of the losses agree with central differences", () => {
  const targets = constant([1, 0, 0, 0.5, 0, 2, 0, 0], [2, 4]);
  const offset = constant(
    [removed, 0.4, -0.3, removed, 0.7, removed, 0, 0.2].map((x) => Math.max(x, -50)),
    [2, 4],
  );
  const config = { hingeMargin: 0.13, hingeNegativeWeight: 3 };
  test.each(lossNames.flatMap((loss) => [true, false].map((withOffset) => ({ loss, withOffset }))))(
    "$loss, with offset: $withOffset",
    async ({ loss, withOffset }) => {
      const parameters = Object.entries(values).map(([name, { shape }]) => parameter(name, shape));
      const parts = Object.fromEntries(parameters.map((p: Node<"parameter">) => [p.name, p]));
      const total = lossOf({ ...config, loss }, parts, { targets, offset: withOffset ? offset : undefined });
      const found = Object.fromEntries(
        gradients(total, parameters).map((gradient, index) => [`d ${parameters[index]!.name}`, gradient]),
      );
      const session = await runtime.load(
        emitOnnx({ name: "check", inputs: [], outputs: { total, ...found } }),
      );
      const at = Object.fromEntries(
        Object.entries(values).map(([name, { shape, data }]) => [
          name,
          { shape, data: Float32Array.from(data) },
        ]),
      );
      const analytic = await expectCentralDifferences({ session, values: at });
      // The temperature has no part in cosines; in all other losses every number has.
      const still = [...analytic["d logTemperature"]!.data].every((x) => x === 0);
      expect(still).toBe(loss === "hinge");
    },
  );
});

describe("losses by hand", () => {
  // One viewer (1, 0), three items at cosine 1, 0 and -1, temperature 1/2: z = 2, 0, -2. The first is the positive; the
  // second stands for 3 items, the third for 1.
  const parts = {
    user: constant([1, 0], [1, 2]),
    direction: constant([1, 0, 0, 1, -1, 0], [3, 2]),
    logTemperature: constant([Math.log(0.5)], [1, 1]),
  };
  const data = {
    targets: constant([1, 0, 0], [1, 3]),
    offset: constant([removed, Math.log(3), 0], [1, 3]),
  };
  const small = Math.log(1 + Math.exp(-2));
  test.each([
    // log(1 + e^(N - 2)), e^N = 3 e^0 + e^-2.
    { config: { loss: "softmax_single" }, expected: Math.log(1 + (3 + Math.exp(-2)) * Math.exp(-2)) },
    // β = 1/4 · (1/2 · (1 - 4) + 4) = 0.625; -log σ(2) = log(1 + e^-2); -log(1 - σ(0)) = log 2; α = 1/4.
    {
      config: { loss: "gbce", gbceCalibration: 0.5 },
      expected: 0.625 * small + 0.25 * (3 * Math.log(2) + small),
    },
    // The positive, three negatives at z = 0, one at z = -2.
    { config: { loss: "bce" }, expected: small + 3 * Math.log(2) + small },
    // [1 - 1] = 0; the mean of 3 · [0 + 0.5] and [-1 + 0.5] = 0 over 4 is 0.375; four times.
    { config: { loss: "hinge", hingeMargin: -0.5, hingeNegativeWeight: 4 }, expected: 1.5 },
  ] as const)("$config.loss", async ({ config, expected }) => {
    expect(await evaluate(lossOf(config, parts, data))).toBeCloseTo(expected, 6);
  });

  test("softmax, where the positive is in the denominator", async () => {
    const offset = constant([0, Math.log(3), 0], [1, 3]);
    const loss = await evaluate(lossOf({ loss: "softmax" }, parts, { ...data, offset }));
    expect(loss).toBeCloseTo(Math.log(Math.exp(2) + 3 + Math.exp(-2)) - 2, 6);
  });

  test("gBCE is plain cross-entropy at t = 0, and gives a positive the power α at t = 1", () => {
    for (const alpha of [0.01, 0.3, 1]) {
      expect(gbcePower(alpha, 0)).toBeCloseTo(1, 12);
      expect(gbcePower(alpha, 1)).toBeCloseTo(alpha, 12);
    }
    // 0.1 · (0.75 · (1 - 10) + 10) = 0.325.
    expect(gbcePower(0.1, 0.75)).toBeCloseTo(0.325, 12);
  });
});
