import { expect, test } from "vitest";
import * as graph from "../graph/mod.ts";
import { createPortableRuntime, emitOnnx, type Tensor } from "../onnx/mod.ts";
import { adamW, adamWScalars } from "./adamw-graph.ts";

// The oracle: JAX 0.10.2 and optax 0.2.8 in float64, with
//
//   wave = lambda n, shape, phase: jnp.array(np.sin(np.arange(n) * 1.3 + phase).reshape(shape))
//   x, y, ids = wave(12, (4, 3), 0.1), wave(12, (4, 3), 0.7), [1, 0, 1, 2]
//   h = gelu(x @ w1 + b1, approximate=False) + table[ids]
//   u = layer_norm(h, eps=1e-5) * scale + bias;  i = tanh(y @ w2);  n(a) = a / sqrt(sum(a²) + 1e-12)
//   loss = -mean(diag(log_softmax(5 * n(u) @ n(i).T)))
//   optax.chain(optax.clip_by_global_norm(7.5), optax.adamw(0.01, weight_decay=0.1)), three steps
//
// The first step is clipped, the others are not.
const oracle = {
  loss: [1.56118283, 1.21742012, 0.93102486],
  norm: [8.07987742, 7.10956162, 5.54354733],
  gradients: {
    b1: [-1.08153494, -2.65515, 0.10213723, -0.34335194],
    bias: [-0.56741666, -0.72555997, 0.11774115, 0.68342273],
    scale: [-0.45248655, 0.27466273, 0.24966505, -0.18887268],
    table: [
      -0.62584581, 0.44875061, 0.82908002, -0.65198482, -0.81981066, -3.19240172, -0.57186672, 4.58407909,
      0.1244139, -0.08037484, -0.10237435, 0.05833529,
    ],
    w1: [
      -0.86327431, -1.91490093, -0.26264626, 0.43639382, -0.04610485, -1.21358424, -0.57339392, 0.79623077,
      0.83860832, 1.2656362, -0.04411815, -0.01041222,
    ],
    w2: [
      -2.18093569, 0.22910309, 1.05834758, 0.57373218, -0.36019737, 0.36102886, -0.01195842, 0.17879268,
      1.98823094, -0.0359535, -1.0647453, -0.47807852,
    ],
  },
  after: {
    b1: [0.11968901, 0.01407616, -0.12906141, -0.00742344],
    bias: [-0.04578302, -0.05322175, 0.00110774, 0.06981333],
    scale: [1.03803881, 0.87748493, 0.904149, 1.08451291],
    table: [
      -0.25682063, -0.02478998, 0.25951257, 0.1797504, -0.1804568, -0.23208889, 0.09921271, 0.26916014,
      0.06080169, -0.22046141, -0.19465997, 0.10020683,
    ],
    w1: [
      0.44753189, 0.40149405, -0.19064118, -0.51964047, -0.02602506, 0.4974384, 0.32149637, -0.34153018,
      -0.4865386, 0.03671052, 0.52307565, 0.20145156,
    ],
    w2: [
      -0.10947677, 0.39396123, 0.33618661, -0.25802306, -0.4581432, -0.06295937, 0.50023032, 0.25478043,
      -0.34788291, -0.42547069, 0.10462559, 0.5247595,
    ],
  },
};

const wave = (count: number, phase: number): Float32Array =>
  Float32Array.from({ length: count }, (_, index) => Math.sin(index * 1.3 + phase));
const scaled = (values: Float32Array, factor: number, offset = 0): Float32Array =>
  values.map((value) => offset + value * factor);

const start = {
  b1: { shape: [4], data: scaled(wave(4, 2), 0.1) },
  bias: { shape: [4], data: scaled(wave(4, 4), 0.1) },
  scale: { shape: [4], data: scaled(wave(4, 3), 0.1, 1) },
  table: { shape: [3, 4], data: scaled(wave(12, 5), 0.3) },
  w1: { shape: [3, 4], data: scaled(wave(12, 1), 0.5) },
  w2: { shape: [3, 4], data: scaled(wave(12, 6), 0.5) },
};
type Name = keyof typeof start;
const names = Object.keys(start) as Name[];
const options = { weightDecay: 0.1, clipNorm: 7.5 };

function largestDifference(found: Tensor, expected: readonly number[]): number {
  expect(found.data).toHaveLength(expected.length);
  return expected.reduce((worst, value, index) => Math.max(worst, Math.abs(value - found.data[index]!)), 0);
}

test("gradients() and adamW() give what JAX and optax give, over three steps", async () => {
  const parameters = names.map((name) => graph.parameter(name, start[name].shape));
  const [b1, bias, scale, table, w1, w2] = parameters as [graph.Value, ...graph.Value[]];
  const x = graph.constant(wave(12, 0.1), [4, 3]);
  const y = graph.constant(wave(12, 0.7), [4, 3]);
  const ids = graph.constant(Int32Array.of(1, 0, 1, 2), [4]);
  const hidden = graph.add(graph.gelu(graph.add(graph.matMul(x, w1!), b1)), graph.gather(table!, ids));
  const user = graph.l2Normalise(graph.layerNorm(hidden, { scale: scale!, bias: bias! }), { axis: 1 });
  const item = graph.l2Normalise(graph.tanh(graph.matMul(y, w2!)), { axis: 1 });
  const logits = graph.mul(graph.matMul(user, item, { transposeB: true }), 5);
  const eye = graph.constant([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1], [4, 4]);
  const loss = graph.div(
    graph.neg(graph.reduceSum(graph.mul(graph.logSoftmax(logits, { axis: 1 }), eye))),
    4,
  );
  const gradients = graph.gradients(loss, parameters);
  const moments1 = names.map((name) => graph.input(`${name}.m`, start[name].shape));
  const moments2 = names.map((name) => graph.input(`${name}.v`, start[name].shape));
  const scalars = {
    stepSize: graph.input("stepSize", []),
    epsilon: graph.input("epsilon", []),
    decay: graph.input("decay", []),
  };
  const next = adamW({ parameters, gradients, moments1, moments2, scalars, options });
  const outputs: Record<string, graph.Value> = { loss, norm: next.gradientNorm };
  names.forEach((name, index) => {
    outputs[`d.${name}`] = gradients[index]!;
    outputs[`next.${name}`] = next.parameters[index]!;
    outputs[`next.${name}.m`] = next.moments1[index]!;
    outputs[`next.${name}.v`] = next.moments2[index]!;
  });
  const inputs = [...moments1, ...moments2, ...Object.values(scalars)];
  const session = await createPortableRuntime().load(emitOnnx({ name: "step", inputs, outputs }));

  const state: Record<string, Tensor> = {};
  for (const name of names) {
    const { shape, data } = start[name];
    state[name] = { dtype: "float32", shape, data };
    for (const moment of ["m", "v"])
      state[`${name}.${moment}`] = { dtype: "float32", shape, data: data.map(() => 0) };
  }
  for (let step = 1; step <= 3; step++) {
    const numbers = Object.entries(adamWScalars({ step, learningRate: 0.01 }, options));
    const result = await session.run({
      ...state,
      ...Object.fromEntries(
        numbers.map(([name, value]): [string, Tensor] => [
          name,
          { dtype: "float32", shape: [], data: Float32Array.of(value) },
        ]),
      ),
    });
    expect(result["loss"]!.data[0]).toBeCloseTo(oracle.loss[step - 1]!, 5);
    expect(result["norm"]!.data[0]).toBeCloseTo(oracle.norm[step - 1]!, 4);
    for (const name of names) {
      if (step === 1)
        expect(largestDifference(result[`d.${name}`]!, oracle.gradients[name])).toBeLessThan(2e-5);
    }
    for (const name of Object.keys(state)) state[name] = result[`next.${name}`]!;
  }
  for (const name of names) expect(largestDifference(state[name]!, oracle.after[name])).toBeLessThan(2e-5);
});

test("adamW() neither clips nor decays unless asked, and takes any gradient of zeros", async () => {
  const w = graph.parameter("w", [2]);
  const g = graph.input("g", [2]);
  const zeros = graph.constant([0, 0], [2]);
  const scalars = { stepSize: graph.scalar(0.1), epsilon: graph.scalar(1e-8), decay: graph.scalar(0.5) };
  const build = (options: { clipNorm?: number }): graph.Value =>
    adamW({ parameters: [w], gradients: [g], moments1: [zeros], moments2: [zeros], scalars, options })
      .parameters[0]!;
  const outputs = { free: build({}), clipped: build({ clipNorm: 1 }) };
  const session = await createPortableRuntime().load(emitOnnx({ name: "free", inputs: [g], outputs }));
  const run = async (data: readonly number[]): Promise<number[][]> => {
    const tensor = (values: readonly number[]): Tensor => ({
      dtype: "float32",
      shape: [2],
      data: Float32Array.from(values),
    });
    const result = await session.run({ w: tensor([1, -1]), g: tensor(data) });
    return [[...result["free"]!.data], [...result["clipped"]!.data]];
  };
  expect(await run([0, 0])).toEqual([
    [1, -1],
    [1, -1],
  ]);
  // From moments of zero the ratio M / √V is the gradient's sign, whatever its size: one step of 0.1 down.
  for (const row of await run([300, -400])) {
    expect(row[0]).toBeCloseTo(0.9, 5);
    expect(row[1]).toBeCloseTo(-0.9, 5);
  }
});
