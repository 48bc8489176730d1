import type { Dataset } from "../../catalogue/mod.ts";
import {
  type BaselineName,
  contentVectors,
  type DetailedEvaluation,
  evaluateInDetail,
  featureImportance,
  fitBaselines,
  type HistoryCurve,
  historyCurve,
  type ProtocolName,
  type SplitByOptions,
  splitBy,
  trainingCurves,
  viewersWithHistory,
} from "../../evaluation/mod.ts";
import { fitFeatures } from "../../features/mod.ts";
import type { DenseProduct, Runtime } from "../../onnx/mod.ts";
import type { ValueFormula } from "../../recommend/mod.ts";
import type { ModelSettings } from "../../tuning/mod.ts";
import type { CliContext } from "../context.ts";
import { readFeatureSchema } from "../feature-schema.ts";
import { fitEvaluatedTowers } from "../fit-evaluated-towers.ts";
import { checkFormulas, valuedScorers } from "./valued-scorers.ts";
import { variedScorers } from "./varied-scorers.ts";

/** What is asked of a dataset, the same for every seed. */
export interface EvaluationPlan {
  readonly context: CliContext;
  readonly dataset: Dataset;
  readonly protocol: ProtocolName;
  /** How it is divided, but for the seed. */
  readonly division: SplitByOptions;
  /** The protocol's own where undefined. */
  readonly baselines: readonly BaselineName[] | undefined;
  readonly tuneBaselines: boolean;
  /** The towers to train; none where undefined. */
  readonly towers: ModelSettings | undefined;
  readonly schema: string;
  readonly historyLengths: readonly number[] | undefined;
  /** Whether to measure what each feature is worth to the towers. */
  readonly importance: boolean;
  /** How varied answers are measured besides the towers' own, 0 to 1. */
  readonly diversities: readonly number[];
  /** What else ranks the best of the towers. */
  readonly formulas: readonly ValueFormula[];
  readonly runtime: Runtime;
  readonly product: DenseProduct;
}

/** For formulas of similarity alone. */
const noHeads = { kind: "served_heads", heads: {} } as const;

/** What one seed gave. */
export interface SeedEvaluation extends DetailedEvaluation {
  readonly historyCurve: HistoryCurve | undefined;
  /** How the towers were trained, where any were. */
  readonly training:
    | {
        readonly seconds: number;
        /** Passes that were made, and after which of them the model was the best. */
        readonly epochs: number;
        readonly bestEpoch: number;
        readonly validationNdcg10: number | undefined;
      }
    | undefined;
}

/**
 * Splits, fits baselines, trains towers and measures them.
 *
 * @param plan What is asked.
 * @param seed Of the split, of the training and of the baselines.
 * @returns The report and what it was made from.
 */
export async function evaluateSeed(plan: EvaluationPlan, seed: number): Promise<SeedEvaluation> {
  const { context, division, runtime, product } = plan;
  const { progress, signal } = context;
  checkFormulas(plan.formulas, plan.towers?.training);
  const split = splitBy(plan.dataset, plan.protocol, { ...division, seed });
  const schema = await readFeatureSchema(plan.schema);
  const content = contentVectors(fitFeatures(schema, split.train), split.items);
  // First, as what these refuse should not be learned after the towers were trained.
  if (plan.historyLengths !== undefined) viewersWithHistory(split, plan.historyLengths);
  const baselines = await fitBaselines(split, {
    ...(plan.baselines === undefined ? {} : { names: plan.baselines }),
    tune: plan.tuneBaselines,
    ...{ content, product, progress, signal },
  });
  const started = performance.now();
  const towers =
    plan.towers === undefined
      ? undefined
      : await fitEvaluatedTowers(split, { context, runtime, schema: plan.schema, settings: plan.towers });
  const seconds = (performance.now() - started) / 1000;
  try {
    const models =
      towers === undefined
        ? []
        : [
            towers.scorer,
            ...variedScorers(towers.scorer, split, plan),
            ...valuedScorers(towers.scorer, split, {
              formulas: plan.formulas,
              heads: towers.model.heads ?? noHeads,
            }),
          ];
    const curves = trainingCurves(towers?.model.curves ?? []);
    const detailed = await evaluateInDetail(split, models, { baselines, content, progress, signal, curves });
    const curve =
      plan.historyLengths === undefined
        ? undefined
        : await historyCurve(split, [...models.slice(0, 1), ...baselines], { lengths: plan.historyLengths });
    const importance =
      towers === undefined || !plan.importance
        ? undefined
        : await featureImportance(towers.towers, {
            ...{ set: split.validation, items: split.items, runtime, seed, progress, signal },
          });
    const { best, curves: trained = [] } = towers?.model ?? {};
    const training =
      best === undefined
        ? undefined
        : {
            seconds,
            epochs: trained.at(-1)?.epoch ?? best.epoch,
            bestEpoch: best.epoch,
            validationNdcg10: best.ndcg,
          };
    const report = importance === undefined ? detailed.report : { ...detailed.report, importance };
    return { ...detailed, report, historyCurve: curve, training };
  } finally {
    await towers?.close();
  }
}
