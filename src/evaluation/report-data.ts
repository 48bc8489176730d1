import type { Estimate } from "./bootstrap.ts";
import type { MeasuredImportance } from "./feature-importance.ts";
import type { ProtocolName, RecallDivisor } from "./split.ts";

/** One model's figures. */
export interface ModelReport {
  readonly name: string;
  /** Baselines are what a model is compared with. */
  readonly role: "model" | "baseline";
  /** Means over viewers by metric name, for example `ndcg@10`; coverage is of all viewers together. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Low and high of the 95 % bootstrap interval over viewers; coverage has none. */
  readonly ci95: Readonly<Record<string, readonly [number, number]>>;
  /** What validation chose for it, and by which figure; of baselines that have something to choose. */
  readonly chosen?: Readonly<Record<string, number>>;
  /** Figures within parts of the viewers or the held items, in the order of {@link EvaluationReport.segments}. */
  readonly segments: readonly {
    readonly segment: string;
    readonly metrics: Readonly<Record<string, number>>;
  }[];
  /** Scoring alone. */
  readonly scoreSeconds: number;
}

/** How a model differs from a baseline on the same viewers. */
export interface PairedDifference {
  readonly model: string;
  readonly baseline: string;
  /** Model minus baseline; an interval without 0 is a difference that is not chance. */
  readonly metrics: Readonly<Record<string, Estimate>>;
}

/** A part of what was tested. */
export interface Segment {
  readonly name: string;
  /** `history`: viewers by how many likes were given. `popularity`: held items by their likes in training. */
  readonly by: "history" | "popularity";
  readonly viewers: number;
  readonly held: number;
}

/** One line of a plot: something that was measured at every step or epoch of training. */
export interface TrainingCurve {
  readonly name: string;
  /** Ascending. */
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** What an evaluation found, as plain JSON. */
export interface EvaluationReport {
  readonly kind: "evaluation-report";
  readonly protocol: ProtocolName;
  readonly protocolHash: string;
  readonly description: string;
  readonly parameters: Readonly<Record<string, number | string>>;
  readonly seed: number;
  readonly recallDivisor: RecallDivisor;
  /** People with at least one like in the whole data. */
  readonly users: number;
  /** Items that were ranked or trained on. */
  readonly items: number;
  /** Distinct likes in the whole data. */
  readonly interactions: number;
  /** Viewers that were tested. */
  readonly testUsers: number;
  /** Items that compete for a place, before what a viewer has seen is taken out. */
  readonly candidates: number;
  readonly ks: readonly number[];
  readonly resamples: number;
  readonly models: readonly ModelReport[];
  readonly differences: readonly PairedDifference[];
  readonly segments: readonly Segment[];
  /** Of the model, where it was trained for this evaluation. */
  readonly curves: readonly TrainingCurve[];
  /** What shuffling a feature costs the model, by validation; where it was measured. */
  readonly importance?: MeasuredImportance;
}
