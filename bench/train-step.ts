import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { createRandom, type Random } from "../src/base/mod.ts";
import * as graph from "../src/graph/mod.ts";
import { emitOnnx, type Runtime, type Tensor, type Tensors } from "../src/onnx/mod.ts";
import { type AdamWOptions, adamW, adamWScalars } from "../src/training/mod.ts";
import type { BenchmarkOptions } from "./benchmark.ts";

/** Shown in the list of benchmarks. */
export const about =
  "one training step of two 1000-512-256-768 towers, as a share of the best sgemm rate; --threads N, --cpu-time";

const batch = 512;
const widths = [1000, 512, 256, 768] as const;
const optimiser: AdamWOptions = {};

/**
 * Floating-point operations of the step's matrix products alone: 2mkn each, forward, by the weights, and by the
 * inputs of all but the first layer. Everything else (activations, softmax, Adam) counts as nothing.
 */
function stepFlops(): number {
  const layers = widths.slice(1).map((width, index) => 2 * batch * widths[index]! * width);
  const sum = layers.reduce((total, flops) => total + flops, 0);
  const towers = 2 * (2 * sum + (sum - layers[0]!));
  return towers + 3 * 2 * batch * batch * widths[3];
}

interface Learned {
  readonly value: graph.Node<"parameter">;
  readonly shape: readonly number[];
}

function tower(
  side: string,
  scale: number,
): { input: graph.Value; vector: graph.Value; learned: readonly Learned[] } {
  const learned: Learned[] = [];
  const parameter = (name: string, shape: readonly number[]): graph.Value => {
    const value = graph.parameter(`${side}.${name}`, shape);
    learned.push({ value, shape });
    return value;
  };
  const x = graph.input(side, [batch, widths[0]]);
  let hidden: graph.Value = x;
  widths.slice(1).forEach((width, index) => {
    if (index > 0) hidden = graph.relu(hidden);
    const weights = parameter(`weight${index}`, [widths[index]!, width]);
    hidden = graph.add(graph.matMul(hidden, weights), parameter(`bias${index}`, [width]));
  });
  const length = graph.sqrt(graph.add(graph.reduceSumSquare(hidden, { axes: [1], keepDims: true }), 1e-12));
  return { input: x, vector: graph.mul(hidden, graph.div(scale, length)), learned };
}

/** Forward, in-batch softmax, backward and Adam in one model. */
function stepModel(): { model: Uint8Array; learned: readonly Learned[] } {
  // The temperature, 1/20, is folded into one tower's normalisation.
  const user = tower("user", 20);
  const item = tower("item", 1);
  const learned = [...user.learned, ...item.learned];
  const logits = graph.matMul(user.vector, item.vector, { transposeB: true });
  const targets = graph.input("targets", [batch, batch]);
  // -Σ_i log softmax(logits)_ii / batch, the factor in the targets
  const loss = graph.reduceSum(graph.mul(graph.logSoftmax(logits, { axis: 1 }), targets));
  const parameters = learned.map(({ value }) => value);
  const moments1 = parameters.map(({ name, shape }) => graph.input(`${name}.moment1`, shape));
  const moments2 = parameters.map(({ name, shape }) => graph.input(`${name}.moment2`, shape));
  const scalars = {
    stepSize: graph.input("stepSize", []),
    epsilon: graph.input("epsilon", []),
    decay: graph.input("decay", []),
  };
  const gradients = graph.gradients(loss, parameters);
  const next = adamW({ parameters, gradients, moments1, moments2, scalars, options: optimiser });
  const outputs: Record<string, graph.Value> = { loss };
  parameters.forEach(({ name }, index) => {
    outputs[`${name}.next`] = next.parameters[index]!;
    outputs[`${name}.moment1.next`] = next.moments1[index]!;
    outputs[`${name}.moment2.next`] = next.moments2[index]!;
  });
  const inputs = [user.input, item.input, targets, ...moments1, ...moments2, ...Object.values(scalars)];
  return { model: emitOnnx({ name: "train-step", inputs, outputs }), learned };
}

function tensor(shape: readonly number[], fill: () => number): Tensor {
  const count = shape.reduce((product, dim) => product * dim, 1);
  return { dtype: "float32", shape, data: Float32Array.from({ length: count }, fill) };
}

/** Runs one step; weights go back and forth between two sets of memory. */
async function stepper(runtime: Runtime, random: Random): Promise<() => Promise<number>> {
  const { model, learned } = stepModel();
  const session = await runtime.load(model);
  const sides = [0, 1].map(() =>
    Object.fromEntries(
      learned.flatMap(({ value: { name }, shape }) => {
        const spread = shape.length > 1 ? Math.sqrt(2 / shape[0]!) : 0;
        return [
          [name, tensor(shape, () => random.normal() * spread)],
          [`${name}.moment1`, tensor(shape, () => 0)],
          [`${name}.moment2`, tensor(shape, () => 0)],
        ] as const;
      }),
    ),
  );
  const data = {
    user: tensor([batch, widths[0]], () => random.normal()),
    item: tensor([batch, widths[0]], () => random.normal()),
    targets: tensor([batch, batch], () => 0),
  };
  for (let row = 0; row < batch; row++) data.targets.data[row * batch + row] = -1 / batch;
  const losses = { loss: tensor([], () => 0) };
  const outputs = sides.map((_, index) => {
    const other = Object.entries(sides[1 - index]!);
    const next = other.map(([name, value]) => {
      // As training does: moments are written where they are read, weights are not.
      return [`${name}.next`, /\.moment[12]$/.test(name) ? sides[0]![name]! : value] as const;
    });
    return { ...losses, ...Object.fromEntries(next) };
  });
  const scalars = new Float32Array(3);
  const named: Tensors = {
    stepSize: { dtype: "float32", shape: [], data: scalars.subarray(0, 1) },
    epsilon: { dtype: "float32", shape: [], data: scalars.subarray(1, 2) },
    decay: { dtype: "float32", shape: [], data: scalars.subarray(2, 3) },
  };
  const moments = Object.fromEntries(
    Object.entries(sides[0]!).filter(([name]) => /\.moment[12]$/.test(name)),
  );
  const inputs = sides.map((side): Tensors => ({ ...data, ...side, ...moments, ...named }));
  let step = 0;
  return async () => {
    const { stepSize, epsilon, decay } = adamWScalars({ step: step + 1, learningRate: 1e-3 }, optimiser);
    scalars.set([stepSize, epsilon, decay]);
    await session.run(inputs[step % 2]!, outputs[step % 2]!);
    step++;
    return losses.loss.data[0]!;
  };
}

const timedSteps = 4;

/** [m, k, n, whether A is read transposed] of the products that the step's rate is held against. */
const sgemmShapes: readonly (readonly [number, number, number, boolean])[] = [
  [512, 512, 512, false],
  [768, 768, 768, false],
  [1024, 1024, 1024, false],
  [512, 1000, 512, false],
  [1000, 512, 512, true],
  [512, 768, 512, false],
  [512, 512, 768, false],
];

async function sgemm(
  runtime: Runtime,
  random: Random,
  shape: (typeof sgemmShapes)[number],
): Promise<() => Promise<void>> {
  const [m, k, n, transposeA] = shape;
  const aShape = transposeA ? [k, m] : [m, k];
  const a = graph.input("a", aShape);
  const b = graph.input("b", [k, n]);
  const session = await runtime.load(
    emitOnnx({ name: "sgemm", inputs: [a, b], outputs: { y: graph.matMul(a, b, { transposeA }) } }),
  );
  const inputs = { a: tensor(aShape, () => random.normal()), b: tensor([k, n], () => random.normal()) };
  const outputs = { y: tensor([m, n], () => 0) };
  return async () => {
    await session.run(inputs, outputs);
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/**
 * Measures a training step and plain matrix products by turns, so that both see the same machine, and takes medians. The
 * fastest sample of each stands beside them: what a machine without neighbours would show.
 *
 * @param options `--threads N` (default all cores); `--rounds N` (default 30); `--cpu-time` measures one thread by the
 * processor time it got instead of the wall clock, for a machine that is busy with other work.
 * @returns Milliseconds a step, its floating-point operations, its rate and the best product's in GFLOP/s, their ratio.
 */
export async function run({ args, log }: BenchmarkOptions): Promise<Readonly<Record<string, unknown>>> {
  const option = (name: string): number | undefined =>
    args.includes(name) ? Number(args[args.indexOf(name) + 1]) : undefined;
  const cpuTime = args.includes("--cpu-time");
  const threads = cpuTime ? 1 : option("--threads");
  const rounds = option("--rounds") ?? 30;
  const now = (): number => {
    if (!cpuTime) return performance.now();
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1000;
  };
  const random = createRandom(1);
  const runtime = await createOrtRuntime(threads === undefined ? {} : { threads });
  const step = await stepper(runtime, random);
  const products = await Promise.all(sgemmShapes.map((shape) => sgemm(runtime, random, shape)));
  const time = async (work: () => Promise<unknown>, times: number): Promise<number> => {
    const start = now();
    for (let i = 0; i < times; i++) await work();
    return (now() - start) / times;
  };
  // Processor time comes in ticks of some milliseconds.
  const stepsAtOnce = cpuTime ? 4 : 1;
  const firstLoss = await step();
  const steps: number[] = [];
  const rates: number[][] = sgemmShapes.map(() => []);
  for (let round = 0; round < rounds + 2; round++) {
    // Training takes step after step: the first two find the products' data in the caches and are not timed.
    await time(step, 2);
    const timed: number[] = [];
    for (let i = 0; i < timedSteps; i++) timed.push(await time(step, stepsAtOnce));
    // The first rounds warm caches and threads.
    if (round >= 2) steps.push(...timed);
    for (const [index, [m, k, n]] of sgemmShapes.entries()) {
      const flops = 2 * m * k * n;
      // As much work in a sample as in one of the step's, so that what disturbs them disturbs both alike.
      const elapsed = await time(products[index]!, Math.ceil((stepsAtOnce * stepFlops()) / flops));
      if (round >= 2) rates[index]!.push(flops / elapsed / 1e6);
    }
  }
  const flops = stepFlops();
  const byShape = Object.fromEntries(
    sgemmShapes.map(([m, k, n, transposed], index) => [
      `${m}x${k}x${n}${transposed ? "T" : ""}`,
      Math.round(median(rates[index]!)),
    ]),
  );
  const rate = (milliseconds: number): number => flops / milliseconds / 1e6;
  const milliseconds = median(steps);
  const fastest = Math.min(...steps);
  const sgemmGflops = Math.max(...rates.map(median));
  log(`${rounds} rounds of ${timedSteps} steps and ${sgemmShapes.length} products, medians`);
  return {
    milliseconds: Number(milliseconds.toFixed(2)),
    flops,
    gflops: Math.round(rate(milliseconds)),
    sgemmGflops: Math.round(sgemmGflops),
    shareOfSgemm: Number((rate(milliseconds) / sgemmGflops).toFixed(3)),
    fastestMilliseconds: Number(fastest.toFixed(2)),
    fastestShareOfSgemm: Number((rate(fastest) / Math.max(...rates.flat())).toFixed(3)),
    sgemm: byShape,
    clock: cpuTime ? "processor time, one thread" : "wall",
    threads: threads ?? "all",
    firstLoss,
    lastLoss: await step(),
  };
}
