import { createRandom, silentProgress } from "../../base/mod.ts";
import type { Scorer } from "../scorer.ts";
import type { EvaluationSet } from "../split.ts";
import { validationQuality } from "../validation-quality.ts";
import { type IalsFit, type IalsOptions, type IalsSettings, startIals } from "./ials.ts";
import type { Interactions } from "./interactions.ts";

/** Options of {@link tuneIals}. */
export interface TuneIalsOptions extends Omit<IalsOptions, keyof IalsSettings | "iterations"> {
  /** What settings are chosen by. */
  readonly validation: EvaluationSet;
  /** Settings tried, the default among them. @default 10 */
  readonly trials?: number;
}

/** After so many iterations in all, so many settings go on. The last of them are about as many as `fitIals` takes. */
const rungs = [
  { iterations: 3, survivors: 4 },
  { iterations: 8, survivors: 2 },
  { iterations: 16, survivors: 1 },
] as const;

const widths = [128, 256, 64] as const;

/**
 * iALS with settings chosen by validation: successive halving (Jamieson & Talwalkar 2016) over the length of the
 * vectors, the penalty and the weight of what was not seen; a setting that is worse after 3 iterations is not given 16.
 * The number of iterations is chosen, too: of all measured moments the best one counts.
 *
 * Costs as much as about 5 fits of 15 iterations, and keeps at most 5 sets of vectors in memory.
 *
 * @param interactions Training likes.
 * @param options The validation part, and what {@link fitIals} computes with.
 * @returns A scorer; `chosen` says what it was given.
 * @throws FutagoError `cancelled` when the signal is aborted.
 */
export async function tuneIals(interactions: Interactions, options: TuneIalsOptions): Promise<Scorer> {
  const { validation, trials = 10, progress = silentProgress } = options;
  let running: Trial[] = settingsToTry(trials).map((settings) => ({ settings, quality: 0 }));
  let best: Scorer | undefined;
  let bestQuality = Number.NEGATIVE_INFINITY;
  let done = 0;
  const task = progress.start("Tuning ials", trials + rungs[0].survivors + rungs[1].survivors);
  try {
    for (const { iterations, survivors } of rungs) {
      const ranked: Trial[] = [];
      for (const { settings, fit = startIals(interactions, { ...options, ...settings }) } of running) {
        for (let iteration = done; iteration < iterations; iteration++) await fit.iterate();
        const scorer = fit.scorer();
        const quality = await validationQuality(scorer, validation, interactions.items);
        if (quality > bestQuality) {
          best = { ...scorer, chosen: { ...settings, iterations, validationNdcg: quality } };
          bestQuality = quality;
        }
        ranked.push({ settings, fit, quality });
        ranked.sort((a, b) => b.quality - a.quality);
        // Vectors of those that are out already are freed at once.
        ranked.length = Math.min(ranked.length, survivors);
        task.advance(1);
      }
      running = ranked;
      done = iterations;
    }
  } finally {
    task.done();
  }
  return best!;
}

interface Trial {
  readonly settings: Required<IalsSettings>;
  readonly fit?: IalsFit;
  readonly quality: number;
}

/**
 * The default, then draws. What a row with few likes is held down by is α λ |I|, so that λ alone says little: the
 * product α λ is drawn, and α, both evenly on a log scale. The ranges hold the best of MovieLens-1M and of the
 * hundred times smaller set alike, by validation.
 */
function settingsToTry(trials: number): readonly Required<IalsSettings>[] {
  const random = createRandom(1).fork("ials-settings");
  const logUniform = (low: number, high: number): number => low * (high / low) ** random.next();
  const drawn = Array.from({ length: trials - 1 }, (_, trial) => {
    const unobservedWeight = rounded(logUniform(0.15, 0.8));
    const regularisation = rounded(logUniform(0.0008, 0.004) / unobservedWeight);
    return { dims: widths[trial % widths.length]!, regularisation, unobservedWeight };
  });
  return [{ dims: 128, regularisation: 0.005, unobservedWeight: 0.3 }, ...drawn];
}

function rounded(value: number): number {
  return Number(value.toPrecision(2));
}
