import { type Progress, silentProgress } from "../base/mod.ts";
import type { DenseProduct } from "../onnx/mod.ts";
import { chanceScorer } from "./baselines/chance.ts";
import { contentKnnScorer } from "./baselines/content-knn.ts";
import { fitEase, maxEaseItems } from "./baselines/ease.ts";
import { fitIals } from "./baselines/ials.ts";
import { interactionsOf } from "./baselines/interactions.ts";
import { fitItemKnn } from "./baselines/item-knn.ts";
import { fitPopularity } from "./baselines/popularity.ts";
import { tuneIals } from "./baselines/tune-ials.ts";
import { type ContentVectors, genreVectors } from "./content-vectors.ts";
import type { Scorer } from "./scorer.ts";
import type { Split } from "./split.ts";

/** The baselines, the simplest first. */
export const baselineNames = ["random", "popularity", "content-knn", "item-knn", "ease", "ials"] as const;

/** One of {@link baselineNames}. */
export type BaselineName = (typeof baselineNames)[number];

/**
 * The baselines that say something about a split.
 *
 * @param split What is asked.
 * @returns Names; in `cold` those that know likes alone can only guess, so chance and popularity stand for all of them,
 * and content is what there is to beat.
 * EASE is left out where the catalogue is too large for it.
 */
export function defaultBaselines(split: Pick<Split, "protocol" | "items">): readonly BaselineName[] {
  if (split.protocol === "cold") return ["random", "popularity", "content-knn"];
  const names: readonly BaselineName[] = ["popularity", "item-knn", "ease", "ials"];
  return split.items.length > maxEaseItems ? names.filter((name) => name !== "ease") : names;
}

/** Options of {@link fitBaselines}. */
export interface FitBaselinesOptions {
  /** Which, in the order of the report. @default {@link defaultBaselines} */
  readonly names?: readonly BaselineName[];
  /** Multiplies big matrices. */
  readonly product: DenseProduct;
  /** What `content-knn` compares. @default genres */
  readonly content?: ContentVectors;
  /** Whether iALS chooses its settings by validation, for about 5 times the work. @default false */
  readonly tune?: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/**
 * Fits baselines on the training part of a split. EASE chooses its penalty by the validation part, and on request iALS
 * all its settings; the others have their defaults.
 *
 * @param split What to fit on.
 * @param options Which, and what they compute with.
 * @returns Scorers over `split.items`.
 * @throws FutagoError `cancelled` when the signal is aborted.
 */
export async function fitBaselines(split: Split, options: FitBaselinesOptions): Promise<readonly Scorer[]> {
  const { names = defaultBaselines(split), progress = silentProgress } = options;
  const interactions = interactionsOf(split.train, split.items.length);
  const stop = options.signal === undefined ? {} : { signal: options.signal };
  const fits: Readonly<Record<BaselineName, () => Scorer | Promise<Scorer>>> = {
    random: () => chanceScorer(split.items.length, { seed: split.seed }),
    popularity: () => fitPopularity(interactions),
    "content-knn": () => contentKnnScorer(options.content ?? genreVectors(split.items)),
    "item-knn": () => fitItemKnn(interactions),
    ease: () => fitEase(interactions, { product: options.product, validation: split.validation }),
    ials: () => {
      const settings = { product: options.product, seed: split.seed, ...stop };
      if (!options.tune) return fitIals(interactions, settings);
      return tuneIals(interactions, { ...settings, validation: split.validation, progress });
    },
  };
  const chosen = [...new Set(names)];
  const scorers: Scorer[] = [];
  const task = progress.start("Fitting baselines", chosen.length);
  try {
    for (const name of chosen) {
      task.note(name);
      scorers.push(await fits[name]());
      task.advance(1);
    }
  } finally {
    task.done();
  }
  return scorers;
}
