import { Command, InvalidArgumentError, Option } from "commander";
import { createOrtRuntime, type OrtDevice } from "../../adapters/ort-node/mod.ts";
import {
  type BaselineName,
  baselineNames,
  poolEvaluations,
  renderHistoryCurve,
  renderPooledTable,
  renderReportHtml,
  renderReportTable,
} from "../../evaluation/mod.ts";
import { createRuntimeProduct } from "../../onnx/mod.ts";
import { parseFormula, type ValueFormula } from "../../recommend/mod.ts";
import { towerPresets } from "../../towers/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { type DataOptions, readData, splitOptions, withDataOptions } from "../evaluation/data-options.ts";
import { type EvaluationPlan, evaluateSeed, type SeedEvaluation } from "../evaluation/evaluate-seed.ts";
import { peakRssMb, pooledSummaryOf, summaryOf } from "../evaluation/summaries.ts";
import { importanceRows } from "../importance-rows.ts";
import { withStores } from "../open-stores.ts";
import { realNumbers, wholeNumber, wholeNumbers, wordList } from "../option-values.ts";
import { type ModelOptions, readModelSettings } from "../read-model-settings.ts";
import { writeText } from "../text-files.ts";

/** What commander parsed. */
interface Options extends DataOptions, ModelOptions {
  readonly schema?: string;
  readonly baselines?: readonly BaselineName[];
  readonly baselinesOnly?: boolean;
  readonly tuneBaselines?: boolean;
  readonly historyLengths?: readonly number[];
  readonly diversity?: readonly number[];
  readonly value?: readonly ValueFormula[];
  readonly seed: number;
  readonly seeds?: readonly number[];
  readonly device: OrtDevice;
  readonly importance?: true;
  readonly html?: string;
  readonly report?: string;
}

/**
 * `futago evaluate`.
 *
 * @returns The command.
 */
export function evaluateCommand(): Command {
  const command = withDataOptions(
    new Command("evaluate").description(
      "Train on part of the data, rank the rest, and compare with baselines on the same split",
    ),
  )
    .addOption(
      new Option(
        "--preset <name>",
        "which towers: standard (768-d), lite (64-d) or one that reads sequences (default: standard)",
      ).choices(Object.keys(towerPresets)),
    )
    .option("--schema <name>", "features: video, movielens or a JSON file (default: as the data)")
    .option(
      "--embedding-dim <n>",
      "width of the vectors (default: the preset's)",
      wholeNumber({ min: 8, max: 4096 }),
    )
    .option(
      "--baselines <names>",
      `of ${baselineNames.join(",")}, or none (default: all that know likes; in cold random,popularity,content-knn)`,
      baselineList,
    )
    .option("--baselines-only", "train no towers")
    .option("--tune-baselines", "choose the settings of iALS by validation, too, for 5 times its work")
    .option(
      "--history-lengths <list>",
      "also measure with the last events of each viewer alone: 0,1,2,5,10,20",
      wholeNumbers({ min: 0 }),
    )
    .option(
      "--diversity <list>",
      "also measure answers of 20 re-ranked to vary, from 0 (not at all) to 1: 0.1,0.3,0.5",
      realNumbers({ min: 0, max: 1 }),
    )
    .option(
      "--value <formula>",
      "also measure answers of 20 ranked by a formula over trained heads: similarity=1,nope=-0.1; again for another",
      formulas,
    )
    .option("--seed <n>", "of the split and of training", wholeNumber({ min: 0 }), 42)
    .option(
      "--seeds <list>",
      "once for each, with means and intervals over the viewers of all: 42,1,2",
      wholeNumbers({ min: 0 }),
    )
    .option("--epochs <n>", "most passes over the viewers", wholeNumber({ min: 1 }))
    .option("--settings <file>", "towers and training as futago tune writes them; other options go first")
    .addOption(
      new Option("--device <name>", "where to compute").choices(["cpu", "webgpu", "cuda"]).default("cpu"),
    )
    .option("--importance", "also measure what each feature is worth to the towers, by shuffling it")
    .option("--html <file>", "write the report as one page")
    .option("--report <file>", "write the whole report as JSON")
    .addHelpText(
      "after",
      "\nWith --json the last line holds protocol, protocolHash, users, items, interactions, models, trainSeconds, peakRssMb; with --seeds also differences and seeds.\n\nExamples:\n  futago evaluate --html report.html --importance\n  futago evaluate --seeds 42,1,2 --tune-baselines --json\n  futago evaluate --history-lengths 0,1,2,5,10,20 --baselines popularity,ease\n  futago evaluate --movielens ml-1m --protocol strong --json\n  futago evaluate --movielens ml-1m --protocol last --order order.csv --baselines popularity,ease\n  futago evaluate --movielens ml-1m --settings best.json\n  futago evaluate --settings heads.json --value similarity=1,nope=-0.1",
    );
  return withSharedOptions(command).action(action<Options>(runEvaluation));
}

async function runEvaluation(context: CliContext, options: Options): Promise<void> {
  if (options.seeds !== undefined && options.html !== undefined) {
    throw new RangeError("Cannot write a page of several seeds as it shows one: leave out --html or --seeds");
  }
  const runtime = await createOrtRuntime({ device: options.device });
  const product = await createRuntimeProduct(runtime);
  const plan: EvaluationPlan = {
    context,
    dataset: await readData(options, (read) =>
      withStores(context, ({ database }) => read(database.catalogue)),
    ),
    protocol: options.protocol,
    division: await splitOptions(options),
    baselines: options.baselines,
    tuneBaselines: options.tuneBaselines ?? false,
    towers: options.baselinesOnly ? undefined : await readModelSettings(options),
    schema: options.schema ?? (options.movielens === undefined ? "video" : "movielens"),
    historyLengths: options.historyLengths,
    importance: options.importance ?? false,
    diversities: options.diversity ?? [],
    formulas: options.value ?? [],
    runtime,
    product,
  };
  try {
    if (options.seeds === undefined) await evaluateOne(plan, options);
    else await evaluateSeveral(plan, options, options.seeds);
  } finally {
    await product.close();
  }
}

async function evaluateOne(plan: EvaluationPlan, options: Options): Promise<void> {
  const { context } = plan;
  const evaluation = await evaluateSeed(plan, options.seed);
  const { report } = evaluation;
  tell(context, evaluation);
  if (options.html !== undefined)
    await writeText(context, { path: options.html, text: renderReportHtml(report) });
  if (options.report !== undefined)
    await writeText(context, { path: options.report, text: JSON.stringify(report) });
  context.result(summaryOf(evaluation));
}

async function evaluateSeveral(
  plan: EvaluationPlan,
  options: Options,
  seeds: readonly number[],
): Promise<void> {
  const { context } = plan;
  const evaluations: SeedEvaluation[] = [];
  for (const seed of new Set(seeds)) {
    context.say(`Seed ${seed}`);
    const evaluation = await evaluateSeed(plan, seed);
    tell(context, evaluation);
    evaluations.push(evaluation);
  }
  const pooled = poolEvaluations(evaluations);
  context.say("");
  for (const line of renderPooledTable(pooled, evaluations[0]!.report.ks)) context.say(line);
  if (options.report !== undefined) {
    const reports = evaluations.map(({ report }) => report);
    await writeText(context, { path: options.report, text: JSON.stringify({ ...pooled, reports }) });
  }
  context.result(pooledSummaryOf(pooled, evaluations));
}

function tell(context: CliContext, { report, training, historyCurve }: SeedEvaluation): void {
  for (const line of renderReportTable(report)) context.say(line);
  if (historyCurve !== undefined)
    for (const line of ["", ...renderHistoryCurve(historyCurve)]) context.say(line);
  if (report.importance !== undefined)
    for (const line of ["", ...importanceRows(report.importance.features)]) context.say(line);
  for (const { name, chosen } of report.models) {
    if (chosen !== undefined) context.say(`Chosen by validation for ${name}: ${JSON.stringify(chosen)}`);
  }
  const trained = training === undefined ? "" : `Towers trained in ${training.seconds.toFixed(1)} s; `;
  context.say(`${trained}peak memory ${peakRssMb()} MB`);
}

function formulas(text: string, before: readonly ValueFormula[] = []): readonly ValueFormula[] {
  try {
    return [...before, parseFormula(text)];
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function baselineList(text: string): readonly BaselineName[] {
  const names = wordList(text).filter((name) => name !== "none");
  for (const name of names) {
    if (!baselineNames.some((known) => known === name)) {
      throw new InvalidArgumentError(`It must be of ${baselineNames.join(", ")}: "${name}" is not.`);
    }
  }
  return names as BaselineName[];
}
