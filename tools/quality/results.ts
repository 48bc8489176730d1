import { readFileSync, writeFileSync } from "node:fs";
import type { Machine } from "../../bench/machine.ts";

/** Mean and 95 % interval; coverage has no interval. */
export type Figure = readonly [mean: number, low?: number, high?: number];

/** One model's figures by metric. */
export interface ModelFigures {
  readonly name: string;
  readonly figures: Readonly<Record<string, Figure>>;
}

/** What one row gave, as it is kept. */
export interface QualityResult {
  readonly row: string;
  /** As a person would type it. */
  readonly command: string;
  /** Day of the run. */
  readonly on: string;
  /** Commit of the code that ran. */
  readonly commit: string;
  readonly machine: Machine;
  readonly protocolHash: string;
  readonly testUsers: number;
  /** Means over the viewers of all seeds. */
  readonly models: readonly ModelFigures[];
  /** Towers minus baseline, viewer by viewer, by baseline. */
  readonly differences: readonly ModelFigures[];
  readonly seeds: readonly {
    readonly seed: number;
    readonly models: readonly ModelFigures[];
    /** What validation chose, by baseline. */
    readonly chosen: Readonly<Record<string, Readonly<Record<string, number>>>>;
    readonly training?: {
      readonly seconds: number;
      readonly epochs: number;
      readonly bestEpoch: number;
      readonly validationNdcg10?: number;
    };
  }[];
  /** NDCG@10 by length of history, of the first seed. */
  readonly history?: {
    readonly viewers: number;
    readonly points: readonly { readonly length: number; readonly models: readonly ModelFigures[] }[];
  };
  /** Mean over seeds, of training alone. */
  readonly trainSeconds: number;
  /** Of the whole command, baselines and evaluation included. */
  readonly wallSeconds: number;
  /** Of the command's process. */
  readonly peakRssMb: number;
}

/** `futago evaluate --seeds … --json`, as far as it is read here. */
export interface EvaluateSummary {
  readonly protocolHash: string;
  readonly testUsers: number;
  readonly models: readonly SummaryModel[];
  readonly differences: readonly {
    readonly model: string;
    readonly baseline: string;
    readonly metrics: Readonly<Record<string, SummaryEstimate>>;
  }[];
  readonly trainSeconds: number;
  readonly peakRssMb: number;
  readonly seeds: readonly {
    readonly seed: number;
    readonly models: readonly (SummaryModel & { readonly chosen?: Readonly<Record<string, number>> })[];
    readonly training?: NonNullable<QualityResult["seeds"][number]["training"]>;
    readonly historyCurve?: {
      readonly viewers: number;
      readonly points: readonly {
        readonly length: number;
        readonly models: readonly { readonly name: string; readonly ndcg10: SummaryEstimate }[];
      }[];
    };
  }[];
}

interface SummaryEstimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

interface SummaryModel {
  readonly name: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly ci95: Readonly<Record<string, readonly [number, number]>>;
}

/** What is kept of the many figures of an evaluation. */
export const keptMetrics = [
  ...["ndcg@10", "ndcg@100", "recall@10", "recall@20", "recall@50", "precision@10", "hr@10", "mrr"],
  ...["coverage@10", "coverage@50", "diversity@10", "ild@10"],
];

/** What of a result is known from outside the command that ran. */
export type RunFacts = Pick<QualityResult, "row" | "command" | "on" | "commit" | "machine" | "wallSeconds">;

/**
 * What is kept of an evaluation.
 *
 * @param summary As the command printed it.
 * @param facts Which row it was, and on what it ran.
 * @returns Figures to five digits.
 */
export function resultOf(summary: EvaluateSummary, facts: RunFacts): QualityResult {
  const { protocolHash, testUsers, trainSeconds, peakRssMb } = summary;
  const curve = summary.seeds[0]?.historyCurve;
  return {
    ...facts,
    ...{ protocolHash, testUsers, trainSeconds, peakRssMb },
    models: summary.models.map(keptOf),
    differences: summary.differences
      .filter(({ model }) => model === summary.models[0]?.name)
      .map(({ baseline, metrics }) => ({
        name: baseline,
        figures: kept((metric) => estimate(metrics[metric])),
      })),
    seeds: summary.seeds.map(({ seed, models, training }) => ({
      seed,
      models: models.map(keptOf),
      chosen: Object.fromEntries(
        models.flatMap(({ name, chosen }) => (chosen === undefined ? [] : [[name, chosen] as const])),
      ),
      ...(training === undefined ? {} : { training }),
    })),
    ...(curve === undefined
      ? {}
      : {
          history: {
            viewers: curve.viewers,
            points: curve.points.map(({ length, models }) => ({
              length,
              models: models.map(({ name, ndcg10 }) => ({ name, figures: { "ndcg@10": estimate(ndcg10)! } })),
            })),
          },
        }),
  };
}

/**
 * Results as they lie in a file.
 *
 * @param path Of the JSON file.
 * @returns None where there is no file yet.
 */
export function readResults(path: string): readonly QualityResult[] {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as QualityResult[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/**
 * Writes results with one line for each model, so that a change of one figure is one line of a diff.
 *
 * @param path Of the JSON file.
 * @param results All rows.
 */
export function writeResults(path: string, results: readonly QualityResult[]): void {
  const text = JSON.stringify(results, null, 1).replace(/\[\s+([-\d.e,\s]+?)\s+\]/g, (_, numbers: string) => {
    return `[${numbers.replace(/\s+/g, " ")}]`;
  });
  writeFileSync(path, `${text}\n`);
}

function keptOf({ name, metrics, ci95 }: SummaryModel): ModelFigures {
  return {
    name,
    figures: kept((metric) => {
      const mean = metrics[metric];
      return mean === undefined ? undefined : ([mean, ...(ci95[metric] ?? [])].map(rounded) as never);
    }),
  };
}

function kept(figureOf: (metric: string) => Figure | undefined): ModelFigures["figures"] {
  return Object.fromEntries(
    keptMetrics.flatMap((metric) => {
      const figure = figureOf(metric);
      return figure === undefined ? [] : [[metric, figure] as const];
    }),
  );
}

function estimate(of: SummaryEstimate | undefined): Figure | undefined {
  return of === undefined ? undefined : [rounded(of.mean), rounded(of.low), rounded(of.high)];
}

function rounded(value: number): number {
  return Math.round(value * 1e5) / 1e5;
}
