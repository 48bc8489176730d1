import { readFile, writeFile } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { openDataFolder } from "../../adapters/fs/mod.ts";
import { createOrtRuntime, type OrtDevice } from "../../adapters/ort-node/mod.ts";
import { FutagoError } from "../../base/mod.ts";
import { type Dataset, datasetFromStore, readMovieLens } from "../../catalogue/mod.ts";
import {
  type BaselineName,
  baselineNames,
  keepActivePeople,
  type ProtocolName,
  poolEvaluations,
  protocolNames,
  readViewerOrder,
  renderHistoryCurve,
  renderPooledTable,
  renderReportHtml,
  renderReportTable,
} from "../../evaluation/mod.ts";
import { createRuntimeProduct } from "../../onnx/mod.ts";
import { type TowerPreset, towerPresets } from "../../towers/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { type EvaluationPlan, evaluateSeed, type SeedEvaluation } from "../evaluation/evaluate-seed.ts";
import { peakRssMb, pooledSummaryOf, summaryOf } from "../evaluation/summaries.ts";
import { withStores } from "../open-stores.ts";
import { realNumber, wholeNumber, wholeNumbers, wordList } from "../option-values.ts";

/** What commander parsed. */
interface Options {
  readonly movielens?: string;
  readonly protocol: ProtocolName;
  readonly order?: string;
  readonly minRating?: number;
  readonly minItemEvents?: number;
  readonly minUserEvents: number;
  readonly preset: TowerPreset;
  readonly schema?: string;
  readonly embeddingDim?: number;
  readonly baselines?: readonly BaselineName[];
  readonly baselinesOnly?: boolean;
  readonly tuneBaselines?: boolean;
  readonly historyLengths?: readonly number[];
  readonly seed: number;
  readonly seeds?: readonly number[];
  readonly epochs?: number;
  readonly device: OrtDevice;
  readonly html?: string;
  readonly report?: string;
}

/**
 * `futago evaluate`.
 *
 * @returns The command.
 */
export function evaluateCommand(): Command {
  const command = new Command("evaluate")
    .description("Train on part of the data, rank the rest, and compare with baselines on the same split")
    .option("--movielens <directory>", "MovieLens files, without a database (default: the database)")
    .addOption(
      new Option("--protocol <name>", "how the data is divided").choices(protocolNames).default("strong"),
    )
    .option("--order <file>", "last: csv of user_id,movie_id,position instead of the order of time")
    .option(
      "--min-rating <x>",
      "MovieLens: ratings from here on are likes (default: all)",
      realNumber({ min: 0, max: 5 }),
    )
    .option(
      "--min-item-events <n>",
      "leave out items with fewer likes (default: 5 with --movielens, else 0)",
      wholeNumber({ min: 0 }),
    )
    .option(
      "--min-user-events <n>",
      "leave out people with fewer likes, after items were left out",
      wholeNumber({ min: 0 }),
      0,
    )
    .addOption(
      new Option("--preset <name>", "which towers: standard (768-d), lite (64-d) or one that reads sequences")
        .choices(Object.keys(towerPresets))
        .default("standard"),
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
    .option("--seed <n>", "of the split and of training", wholeNumber({ min: 0 }), 42)
    .option(
      "--seeds <list>",
      "once for each, with means and intervals over the viewers of all: 42,1,2",
      wholeNumbers({ min: 0 }),
    )
    .option("--epochs <n>", "most passes over the viewers", wholeNumber({ min: 1 }))
    .addOption(
      new Option("--device <name>", "where to compute").choices(["cpu", "webgpu", "cuda"]).default("cpu"),
    )
    .option("--html <file>", "write the report as one page")
    .option("--report <file>", "write the whole report as JSON")
    .addHelpText(
      "after",
      "\nWith --json the last line holds protocol, protocolHash, users, items, interactions, models, trainSeconds, peakRssMb; with --seeds also differences and seeds.\n\nExamples:\n  futago evaluate --html report.html\n  futago evaluate --seeds 42,1,2 --tune-baselines --json\n  futago evaluate --history-lengths 0,1,2,5,10,20 --baselines popularity,ease\n  futago evaluate --movielens ml-1m --protocol strong --json\n  futago evaluate --movielens ml-1m --protocol last --order order.csv --baselines popularity,ease",
    );
  return withSharedOptions(command).action(action<Options>(runEvaluation));
}

async function runEvaluation(context: CliContext, options: Options): Promise<void> {
  if (options.seeds !== undefined && options.html !== undefined) {
    throw new RangeError("Cannot write a page of several seeds as it shows one: leave out --html or --seeds");
  }
  const runtime = await createOrtRuntime({ device: options.device });
  const product = await createRuntimeProduct(runtime);
  const { preset, embeddingDim: dims, epochs } = options;
  const plan: EvaluationPlan = {
    context,
    dataset: await readData(context, options),
    protocol: options.protocol,
    order: options.order === undefined ? undefined : readViewerOrder(await readText(options.order)),
    baselines: options.baselines,
    tuneBaselines: options.tuneBaselines ?? false,
    towers: options.baselinesOnly ? undefined : { preset, dims, epochs },
    schema: options.schema ?? (options.movielens === undefined ? "video" : "movielens"),
    historyLengths: options.historyLengths,
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
  if (options.html !== undefined) await writeText(context, options.html, renderReportHtml(report));
  if (options.report !== undefined) await writeText(context, options.report, JSON.stringify(report));
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
    await writeText(context, options.report, JSON.stringify({ ...pooled, reports }));
  }
  context.result(pooledSummaryOf(pooled, evaluations));
}

function tell(context: CliContext, { report, training, historyCurve }: SeedEvaluation): void {
  for (const line of renderReportTable(report)) context.say(line);
  if (historyCurve !== undefined)
    for (const line of ["", ...renderHistoryCurve(historyCurve)]) context.say(line);
  for (const { name, chosen } of report.models) {
    if (chosen !== undefined) context.say(`Chosen by validation for ${name}: ${JSON.stringify(chosen)}`);
  }
  const trained = training === undefined ? "" : `Towers trained in ${training.seconds.toFixed(1)} s; `;
  context.say(`${trained}peak memory ${peakRssMb()} MB`);
}

async function readData(context: CliContext, options: Options): Promise<Dataset> {
  const { movielens, minItemEvents = movielens === undefined ? 0 : 5, minRating, minUserEvents } = options;
  if (movielens !== undefined) {
    const rating = minRating === undefined ? {} : { minRating };
    const dataset = await readMovieLens(openDataFolder(movielens), { minItemEvents, ...rating });
    return keepActivePeople(dataset, minUserEvents);
  }
  if (minRating !== undefined) {
    throw new RangeError("Cannot use --min-rating as ratings are read with --movielens alone: leave it out");
  }
  return withStores(context, async ({ database }) =>
    keepActivePeople(await datasetFromStore(database.catalogue, { minItemEvents }), minUserEvents),
  );
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

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new FutagoError(
      "source_unreadable",
      `Cannot read "${path}" as it must be a readable file: ${(cause as Error).message}`,
      { cause },
    );
  }
}

async function writeText(context: CliContext, path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new FutagoError("storage_failed", `Cannot write "${path}": ${(cause as Error).message}`, { cause });
  }
  context.say(`Wrote ${path}`);
}
