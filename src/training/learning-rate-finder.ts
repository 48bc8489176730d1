import { FutagoError, type ProgressTask, type Random } from "../base/mod.ts";
import { batchOrder } from "./batch-order.ts";
import type { TrainingConfig } from "./training-config.ts";
import { runStep, type StepOptions } from "./training-step.ts";

/** Which rates a sweep tries. */
export interface RateSweep {
  /** @default 1e-5 */
  readonly lowestRate?: number;
  /** @default 1 */
  readonly highestRate?: number;
  /** Steps from the lowest to the highest, each a constant factor above the one before. @default 120 */
  readonly sweepSteps?: number;
}

/** One step of a sweep. */
export interface RatePoint {
  readonly rate: number;
  /** Loss per positive, a running mean over the steps so far. */
  readonly loss: number;
}

/** What a sweep found. */
export interface LearningRateCurve {
  /** In the order of the rates, up to where the loss ran away. */
  readonly points: readonly RatePoint[];
  /** Where the loss falls fastest. */
  readonly steepest: number;
  /** Where the loss is lowest. */
  readonly lowest: number;
  /** What to train with: where the loss is half of the way down from where it began to its lowest. */
  readonly suggested: number;
}

/** A sweep with every option set. */
export interface ResolvedSweep {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
}

/** Share of the running mean that a step leaves. */
const smoothing = 0.9;
/** The sweep ends where the loss is this many times the lowest. */
const runaway = 2;

/**
 * Sets what was left open.
 *
 * @param sweep What was asked for.
 * @returns Rates and steps.
 * @throws RangeError When the rates are no range above 0, or the steps fewer than 10.
 */
export function resolveSweep(sweep: RateSweep): ResolvedSweep {
  const { lowestRate: from = 1e-5, highestRate: to = 1, sweepSteps: steps = 120 } = sweep;
  if (!(from > 0 && to > from && Number.isFinite(to))) {
    throw new RangeError(
      `Cannot sweep learning rates as the lowest must be above 0 and below the highest: current value is ${from} to ${to}`,
    );
  }
  if (!Number.isInteger(steps) || steps < 10) {
    throw new RangeError(
      `Cannot sweep learning rates as the steps must be a whole number from 10: current value is ${steps}`,
    );
  }
  return { from, to, steps };
}

/**
 * Takes one step at each rate and writes down the loss. Smith 2017, "Cyclical Learning Rates for Training Neural
 * Networks" (section 3.3), with rates in geometric steps.
 *
 * @param sweep Rates and steps.
 * @param options What steps are taken with; the parameters are spoilt by it.
 * @returns The curve.
 * @throws FutagoError `cancelled` when stopped by the signal.
 * @throws RangeError When the loss is not finite from the start.
 */
export async function sweepLearningRate(
  sweep: ResolvedSweep,
  options: StepOptions & {
    readonly training: TrainingConfig;
    /** People with positives. */
    readonly users: Int32Array;
    /** Batches are of similar lengths, where there are any. */
    readonly lengths?: Int32Array;
    readonly random: Random;
    readonly task: ProgressTask;
    readonly signal: AbortSignal | undefined;
  },
): Promise<LearningRateCurve> {
  const { training, users, task } = options;
  const random = options.random.fork("sweep");
  const points: RatePoint[] = [];
  let batches: readonly Int32Array[] = [];
  let mean = 0;
  let lowest = Number.POSITIVE_INFINITY;
  for (let step = 0, epoch = 0, batch = 0; step < sweep.steps; step++, batch++) {
    if (options.signal?.aborted === true) {
      throw new FutagoError("cancelled", `Cannot finish the sweep as it was stopped after ${step} steps`);
    }
    if (batch === batches.length) {
      batches = batchOrder(users, {
        batchUsers: training.batchUsers,
        random: random.fork(`epoch ${epoch++}`),
        ...(options.lengths && { lengths: options.lengths }),
      });
      batch = 0;
    }
    // rate_k = from · (to / from)^(k / (n - 1))
    const rate = sweep.from * (sweep.to / sweep.from) ** (step / (sweep.steps - 1));
    const at = { users: batches[batch]!, random: random.fork(`step ${step}`), step, done: 0, rate };
    const loss = await runStep(options, at);
    task.advance(1);
    if (!Number.isFinite(loss)) break;
    mean = smoothing * mean + (1 - smoothing) * loss;
    // Without the division the mean would start near 0: Kingma & Ba 2015, section 3.
    const smooth = mean / (1 - smoothing ** (step + 1));
    points.push({ rate, loss: smooth });
    lowest = Math.min(lowest, smooth);
    if (smooth > runaway * lowest) break;
  }
  return readCurve(points);
}

/**
 * What a curve says.
 *
 * @param points Rates, ascending, and the losses there; the first few are too noisy to count.
 * @returns The curve with a suggestion.
 * @throws RangeError When there are too few points.
 */
export function readCurve(points: readonly RatePoint[]): LearningRateCurve {
  const first = Math.min(5, Math.floor(points.length / 4));
  const settled = points.slice(first);
  if (settled.length < 3) {
    throw new RangeError(
      `Cannot find a learning rate as the loss must stay finite for some steps: current value is ${points.length} steps; start from a lower rate`,
    );
  }
  const lowest = settled.reduce((best, point) => (point.loss < best.loss ? point : best));
  // Slopes between neighbours, along the logarithm of the rate, up to the lowest point.
  let steepest = settled[0]!;
  let slope = 0;
  for (let at = 1; at < settled.length && settled[at]!.rate <= lowest.rate; at++) {
    const [before, point] = [settled[at - 1]!, settled[at]!];
    const here = (point.loss - before.loss) / Math.log(point.rate / before.rate);
    if (here < slope) [slope, steepest] = [here, point];
  }
  return { points, steepest: steepest.rate, lowest: lowest.rate, suggested: halfWay(settled, lowest.loss) };
}

/**
 * The usual suggestion, a tenth of the rate with the lowest loss, is too high for vectors of unit length: they cannot run
 * away, and the loss goes on falling at rates that no longer find what generalises.
 */
function halfWay(points: readonly RatePoint[], lowest: number): number {
  const goal = (points[0]!.loss + lowest) / 2;
  const at = points.findIndex(({ loss }) => loss <= goal);
  const after = points[at]!;
  const before = points[at - 1] ?? after;
  const share = before === after ? 1 : (before.loss - goal) / (before.loss - after.loss);
  return before.rate * (after.rate / before.rate) ** share;
}
