import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import { constant, gradients, type Node, parameter, type Value } from "../graph/mod.ts";
import { createPortableRuntime, emitOnnx } from "../onnx/mod.ts";
import { type NextItemLossInputs, nextItemLoss } from "./next-item-loss.ts";

const runtime = createPortableRuntime({ precision: "float64" });
const random = createRandom(9);
const numbers = (count: number): number[] => Array.from({ length: count }, () => random.normal());

/** Three targets, states of two dimensions, vectors of three, four candidates. */
const values = {
  states: { shape: [3, 2], data: numbers(6) },
  output: { shape: [2, 3], data: numbers(6) },
  direction: { shape: [4, 3], data: numbers(12) },
  bias: { shape: [4, 1], data: numbers(4) },
  logTemperature: { shape: [1, 1], data: [Math.log(0.5)] },
} as const;
type Name = keyof typeof values;

const ints = (data: readonly number[]): Value => constant(Int32Array.from(data), [data.length]);
const targets = [2, 0, 2];
const weights = [1, 0.5, 2];

function lossOf(
  parts: Readonly<Record<Name, Value>>,
  negatives: NextItemLossInputs["negatives"],
  gbce?: NextItemLossInputs["gbce"],
): Value {
  return nextItemLoss({
    states: parts.states,
    output: parts.output,
    item: { direction: parts.direction, bias: parts.bias },
    logTemperature: parts.logTemperature,
    targets: ints(targets),
    weights: constant(weights, [3, 1]),
    negatives,
    ...(gbce && { gbce }),
  });
}

function fixed(): Record<Name, Value> {
  const entries = Object.entries(values).map(([name, { shape, data }]) => [name, constant(data, shape)]);
  return Object.fromEntries(entries);
}

async function evaluate(loss: Value): Promise<number> {
  const session = await runtime.load(emitOnnx({ name: "loss", inputs: [], outputs: { loss } }));
  return (await session.run({}))["loss"]!.data[0]!;
}

/** z_tk = (x W / |x W| · v_k + c_k) / τ, as the formula stands. */
function logit(t: number, k: number): number {
  const { states, output, direction, bias } = values;
  const u = [0, 1, 2].map((d) =>
    [0, 1].reduce((sum, i) => sum + states.data[t * 2 + i]! * output.data[i * 3 + d]!, 0),
  );
  const length = Math.hypot(...u);
  const cosine = u.reduce((sum, x, d) => sum + (x / length) * direction.data[k * 3 + d]!, 0);
  return (cosine + bias.data[k]!) / 0.5;
}

describe("nextItemLoss", () => {
  test("is the cross-entropy over all candidates", async () => {
    const expected = targets.reduce((sum, target, t) => {
      const all = [0, 1, 2, 3].reduce((total, k) => total + Math.exp(logit(t, k)), 0);
      return sum + weights[t]! * (Math.log(all) - logit(t, target));
    }, 0);
    expect(await evaluate(lossOf(fixed(), undefined))).toBeCloseTo(expected, 5);
  });

  test("is the same where every candidate is drawn as often as expected, once or twice", async () => {
    const whole = await evaluate(lossOf(fixed(), undefined));
    for (const times of [1, 2]) {
      const rows = Array.from({ length: 4 * times }, (_, draw) => draw % 4);
      const logExpected = constant(
        rows.map(() => Math.log(times)),
        [1, rows.length],
      );
      expect(await evaluate(lossOf(fixed(), { rows: ints(rows), logExpected }))).toBeCloseTo(whole, 5);
    }
  });

  test("is, by gBCE, a question for each candidate, also where each is drawn as often as expected", async () => {
    const gbce = { samplingRate: 1, calibration: 0.5 };
    // At α = 1, β = 1 (t (1 - 1) + 1) = 1 for any t.
    const expected = targets.reduce((sum, target, t) => {
      const refusals = [0, 1, 2, 3]
        .filter((k) => k !== target)
        .reduce((total, k) => total + Math.log(1 + Math.exp(logit(t, k))), 0);
      return sum + weights[t]! * (Math.log(1 + Math.exp(-logit(t, target))) + refusals);
    }, 0);
    const negatives = { rows: ints([0, 1, 2, 3]), logExpected: constant([0, 0, 0, 0], [1, 4]) };
    expect(await evaluate(lossOf(fixed(), undefined, gbce))).toBeCloseTo(expected, 5);
    expect(await evaluate(lossOf(fixed(), negatives, gbce))).toBeCloseTo(expected, 5);
    // At α = 1/2 and t = 1, β = 1/2 (1 - 2 + 2) = 1/2: half of all, for each negative stands for the same as before.
    const half = { samplingRate: 0.5, calibration: 1 };
    expect(await evaluate(lossOf(fixed(), negatives, half))).toBeCloseTo(expected / 2, 5);
  });

  const gbce = { samplingRate: 0.5, calibration: 0.75 };
  test.each([
    { drawn: true, how: undefined },
    { drawn: false, how: undefined },
    { drawn: true, how: gbce },
    { drawn: false, how: { ...gbce, samplingRate: 1 } },
  ])("has the gradients of central differences: %o", async ({ drawn, how }) => {
    const leaves = Object.entries(values).map(([name, { shape }]) => parameter(name, shape));
    const negatives = drawn
      ? { rows: ints([1, 3, 3, 2]), logExpected: constant([0.1, -0.4, -0.4, 0.7], [1, 4]) }
      : undefined;
    const parts = Object.fromEntries(leaves.map((leaf: Node<"parameter">) => [leaf.name, leaf]));
    const loss = lossOf(parts as Record<Name, Value>, negatives, how);
    const found = gradients(loss, leaves).map((gradient, at) => [`d ${leaves[at]!.name}`, gradient] as const);
    const outputs = { loss, ...Object.fromEntries(found) };
    const session = await runtime.load(emitOnnx({ name: "check", inputs: [], outputs }));
    const inputs = Object.fromEntries(
      Object.entries(values).map(([name, { shape, data }]) => {
        return [name, { dtype: "float32" as const, shape, data: Float32Array.from(data) }];
      }),
    );
    const analytic = await session.run(inputs);
    for (const [name, { data }] of Object.entries(inputs)) {
      for (const [i, x] of data.entries()) {
        const at = async (step: number): Promise<{ readonly x: number; readonly f: number }> => {
          data[i] = x + step;
          return { x: data[i]!, f: (await session.run(inputs))["loss"]!.data[0]! };
        };
        const [above, below] = [await at(2 ** -9), await at(-(2 ** -9))];
        data[i] = x;
        const slope = (above.f - below.f) / (above.x - below.x);
        expect(Math.abs(slope - analytic[`d ${name}`]!.data[i]!)).toBeLessThan(
          1e-3 * Math.max(1, Math.abs(slope)),
        );
      }
    }
  });
});
