import { readFile, writeFile } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { openDataFolder } from "../../adapters/fs/mod.ts";
import { createOrtRuntime, type OrtDevice } from "../../adapters/ort-node/mod.ts";
import { FutagoError } from "../../base/mod.ts";
import { type Dataset, datasetFromStore, readMovieLens } from "../../catalogue/mod.ts";
import {
  type BaselineName,
  baselineNames,
  type EvaluationReport,
  evaluate,
  fitBaselines,
  type ProtocolName,
  protocolNames,
  readViewerOrder,
  renderReportHtml,
  renderReportTable,
  splitBy,
  trainingCurves,
} from "../../evaluation/mod.ts";
import { createRuntimeProduct } from "../../onnx/mod.ts";
import type { TowerPreset } from "../../towers/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { fitEvaluatedTowers } from "../fit-evaluated-towers.ts";
import { withStores } from "../open-stores.ts";
import { realNumber, wholeNumber, wordList } from "../option-values.ts";

/** What commander parsed. */
interface Options {
  readonly movielens?: string;
  readonly protocol: ProtocolName;
  readonly order?: string;
  readonly minRating?: number;
  readonly minItemEvents?: number;
  readonly preset: TowerPreset;
  readonly schema?: string;
  readonly embeddingDim?: number;
  readonly baselines?: readonly BaselineName[];
  readonly baselinesOnly?: boolean;
  readonly seed: number;
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
    .addOption(
      new Option("--preset <name>", "standard (768-d) or lite (64-d)")
        .choices(["standard", "lite"])
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
      `of ${baselineNames.join(",")}, or none (default: all that know likes; in cold random,popularity)`,
      baselineList,
    )
    .option("--baselines-only", "train no towers")
    .option("--seed <n>", "of the split and of training", wholeNumber({ min: 0 }), 42)
    .option("--epochs <n>", "most passes over the viewers", wholeNumber({ min: 1 }))
    .addOption(
      new Option("--device <name>", "where to compute").choices(["cpu", "webgpu", "cuda"]).default("cpu"),
    )
    .option("--html <file>", "write the report as one page")
    .option("--report <file>", "write the whole report as JSON")
    .addHelpText(
      "after",
      "\nWith --json the last line holds protocol, protocolHash, users, items, interactions, models, trainSeconds, peakRssMb.\n\nExamples:\n  futago evaluate --html report.html\n  futago evaluate --movielens ml-1m --protocol strong --json\n  futago evaluate --movielens ml-1m --protocol last --order order.csv --baselines popularity,ease",
    );
  return withSharedOptions(command).action(action<Options>(runEvaluation));
}

async function runEvaluation(context: CliContext, options: Options): Promise<void> {
  const { progress, signal } = context;
  const dataset = await readData(context, options);
  const order = options.order === undefined ? undefined : readViewerOrder(await readText(options.order));
  const { protocol, seed } = options;
  const split = splitBy(dataset, protocol, { seed, ...(order === undefined ? {} : { order }) });
  const runtime = await createOrtRuntime({ device: options.device });
  const product = await createRuntimeProduct(runtime);
  // First, as what a baseline refuses should not be learned after the towers were trained.
  const chosen = options.baselines === undefined ? {} : { names: options.baselines };
  const baselines = await fitBaselines(split, { ...chosen, product, progress, signal });
  const started = performance.now();
  const towers = options.baselinesOnly
    ? undefined
    : await fitEvaluatedTowers(split, {
        context,
        runtime,
        preset: options.preset,
        schema: options.schema ?? (options.movielens === undefined ? "video" : "movielens"),
        dims: options.embeddingDim,
        epochs: options.epochs,
      });
  const trainSeconds = towers === undefined ? 0 : (performance.now() - started) / 1000;
  try {
    const report = await evaluate(split, towers === undefined ? [] : [towers.scorer], {
      baselines,
      progress,
      signal,
      curves: trainingCurves(towers?.model.curves ?? []),
    });
    for (const line of renderReportTable(report)) context.say(line);
    const trained = towers === undefined ? "" : `Towers trained in ${trainSeconds.toFixed(1)} s; `;
    context.say(`${trained}peak memory ${peakRssMb()} MB`);
    if (options.html !== undefined) await writeText(context, options.html, renderReportHtml(report));
    if (options.report !== undefined) await writeText(context, options.report, JSON.stringify(report));
    context.result(summaryOf(report, trainSeconds));
  } finally {
    await towers?.close();
    await product.close();
  }
}

/** The words others rely on. */
function summaryOf(report: EvaluationReport, trainSeconds: number): object {
  const { protocol, protocolHash, users, items, interactions, models } = report;
  return {
    protocol,
    protocolHash,
    users,
    items,
    interactions,
    models: models.map(({ name, metrics, ci95 }) => ({ name, metrics, ci95 })),
    trainSeconds: Math.round(trainSeconds * 10) / 10,
    peakRssMb: peakRssMb(),
  };
}

async function readData(context: CliContext, options: Options): Promise<Dataset> {
  const { movielens, minItemEvents = movielens === undefined ? 0 : 5, minRating } = options;
  if (movielens !== undefined) {
    const rating = minRating === undefined ? {} : { minRating };
    return readMovieLens(openDataFolder(movielens), { minItemEvents, ...rating });
  }
  if (minRating !== undefined) {
    throw new RangeError("Cannot use --min-rating as ratings are read with --movielens alone: leave it out");
  }
  return withStores(context, ({ database }) => datasetFromStore(database.catalogue, { minItemEvents }));
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

function peakRssMb(): number {
  return Math.round(process.resourceUsage().maxRSS / 1024);
}
