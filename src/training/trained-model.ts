import type { FittedFeatures } from "../features/mod.ts";
import type { ServedHeads, TowerConfig, Weights } from "../towers/mod.ts";
import type { LabelCounts } from "./accidental-likes.ts";
import type { LinearReport } from "./linear-part.ts";
import type { TrainingConfig } from "./training-config.ts";
import type { TrainingStart } from "./warm-start.ts";

/** One validation during training. */
export interface CurvePoint {
  /** Epochs done. */
  readonly epoch: number;
  /** Steps done. */
  readonly step: number;
  /** Mean loss per positive since the point before; lower is better. */
  readonly loss: number;
  /** NDCG@10 of the averaged weights on validation viewers; undefined without a validation set. */
  readonly ndcg: number | undefined;
  readonly learningRate: number;
}

/** What training gives: everything a bundle is made of. */
export interface TrainedModel {
  readonly kind: "trained_model";
  readonly features: FittedFeatures;
  readonly towerConfig: TowerConfig;
  readonly trainingConfig: TrainingConfig;
  /** The best epoch's averaged weights, as they are served. */
  readonly userOnnx: Uint8Array;
  readonly itemOnnx: Uint8Array;
  /** What a value formula reads, of the same weights; undefined where no head was trained. */
  readonly heads: ServedHeads | undefined;
  /** The same weights as arrays, by parameter name. */
  readonly weights: Weights;
  /** What was chosen for the linear part; undefined where there is none, or nothing to choose it by. */
  readonly linear: LinearReport | undefined;
  /** From fresh weights, or from a parent's. */
  readonly start: TrainingStart;
  readonly curves: readonly CurvePoint[];
  /** The epoch that was kept, and its NDCG@10 on validation viewers: of the learned towers alone. */
  readonly best: { readonly epoch: number; readonly ndcg: number | undefined };
  /** Steps done in all. */
  readonly steps: number;
  /** False where it paused, to go on later. */
  readonly finished: boolean;
  /** Seconds from the start of the last (resumed) run; undefined where no clock was handed in. */
  readonly seconds: number | undefined;
  /** Likes, and how many of them were taken for accidental. */
  readonly labels: LabelCounts;
  /** Viewers and candidate items that were trained on. */
  readonly trainedUsers: number;
  readonly trainedItems: number;
}
