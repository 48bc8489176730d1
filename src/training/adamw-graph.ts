import {
  add,
  div,
  minimum,
  mul,
  reduceSumSquare,
  reshape,
  scalar,
  sqrt,
  sub,
  type Value,
} from "../graph/mod.ts";

/** Constants of AdamW that do not change during training. */
export interface AdamWOptions {
  /** Decay of the first moment, in [0, 1). @default 0.9 */
  readonly beta1?: number;
  /** Decay of the second moment, in [0, 1). @default 0.999 */
  readonly beta2?: number;
  /** Keeps the step finite where gradients vanish. @default 1e-8 */
  readonly epsilon?: number;
  /** Decoupled weight decay, per unit of learning rate; 0 leaves its pass out. @default 0 */
  readonly weightDecay?: number;
  /** The global norm above which gradients are scaled down; Infinity never clips. @default Infinity */
  readonly clipNorm?: number;
}

/** The scalars (shape []) that change from step to step; their numbers come from {@link adamWScalars}. */
export interface AdamWScalars<T> {
  /** What the ratio of the scaled moments is multiplied by. */
  readonly stepSize: T;
  /** What is added to the root of the scaled second moment. */
  readonly epsilon: T;
  /** What weights are multiplied by before the step. */
  readonly decay: T;
}

/** What {@link adamW} updates. */
export interface AdamWInputs {
  readonly parameters: readonly Value[];
  /** By each parameter, in its shape. */
  readonly gradients: readonly Value[];
  /** Scaled first moments m / (1 - β₁); zeros at the start. */
  readonly moments1: readonly Value[];
  /** Scaled second moments v / (1 - β₂); zeros at the start. */
  readonly moments2: readonly Value[];
  readonly scalars: AdamWScalars<Value>;
  /** Which parameters decay, usually matrices and not biases. @default all */
  readonly decays?: readonly boolean[];
  readonly options?: AdamWOptions;
}

/** What {@link adamW} gives, in the order of its inputs. */
export interface AdamWOutputs {
  readonly parameters: readonly Value[];
  readonly moments1: readonly Value[];
  readonly moments2: readonly Value[];
  /** The global L2 norm of the gradients before clipping, shape []. */
  readonly gradientNorm: Value;
}

/**
 * The numbers that {@link adamW} needs at one step. Bias corrections and learning rate fold into three scalars.
 *
 * @param at `step` from 1, and the `learningRate` of that step.
 * @param options As given to {@link adamW}.
 * @returns The scalars.
 */
export function adamWScalars(
  at: { readonly step: number; readonly learningRate: number },
  options: AdamWOptions = {},
): AdamWScalars<number> {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
  // With M = m/(1-β₁) and V = v/(1-β₂):  m̂/(√v̂ + ε) = c₁/c₂ · M/(√V + ε/c₂)
  //   where c₁ = (1-β₁)/(1-β₁ᵗ) and c₂ = √((1-β₂)/(1-β₂ᵗ))
  const c1 = (1 - beta1) / (1 - beta1 ** at.step);
  const c2 = Math.sqrt((1 - beta2) / (1 - beta2 ** at.step));
  return {
    stepSize: (at.learningRate * c1) / c2,
    epsilon: epsilon / c2,
    decay: 1 - at.learningRate * weightDecay,
  };
}

/**
 * One step of AdamW over every parameter, as graph values: global-norm clipping, moments, decoupled weight decay.
 * Loshchilov & Hutter 2019, https://arxiv.org/abs/1711.05101, algorithm 2; clipping as Pascanu et al. 2013,
 * https://arxiv.org/abs/1211.5063, algorithm 1.
 *
 * The moments are kept scaled, M = m/(1-β₁) and V = v/(1-β₂), which takes two passes over memory out of the twelve:
 *
 *   s = min(1, clipNorm / ‖g‖),  u = s·g,  M' = β₁M + u,  V' = β₂V + u²,  w' = decay·w - stepSize · M'/(√V' + ε)
 *
 * @param inputs Parameters, gradients, moments and the step's scalars.
 * @returns Their values after the step.
 */
export function adamW(inputs: AdamWInputs): AdamWOutputs {
  const { scalars, options = {} } = inputs;
  const { beta1 = 0.9, beta2 = 0.999, weightDecay = 0, clipNorm = Number.POSITIVE_INFINITY } = options;
  const squares = inputs.gradients.map((gradient) => reshape(reduceSumSquare(gradient), []));
  const gradientNorm = squares.length === 0 ? scalar(0) : sqrt(squares.reduce(add));
  const clips = Number.isFinite(clipNorm);
  // The tiny term keeps a gradient of zeros from dividing by zero.
  const scale = clips ? minimum(1, div(clipNorm, add(gradientNorm, 1e-12))) : undefined;
  const parameters: Value[] = [];
  const moments1: Value[] = [];
  const moments2: Value[] = [];
  inputs.parameters.forEach((parameter, index) => {
    const gradient = inputs.gradients[index]!;
    const clipped = scale === undefined ? gradient : mul(gradient, scale);
    const first = add(mul(inputs.moments1[index]!, beta1), clipped);
    const second = add(mul(inputs.moments2[index]!, beta2), mul(clipped, clipped));
    const step = mul(div(first, add(sqrt(second), scalars.epsilon)), scalars.stepSize);
    const decays = weightDecay !== 0 && (inputs.decays?.[index] ?? true);
    parameters.push(sub(decays ? mul(parameter, scalars.decay) : parameter, step));
    moments1.push(first);
    moments2.push(second);
  });
  return { parameters, moments1, moments2, gradientNorm };
}
