import { availableParallelism, totalmem } from "node:os";
import { resolve } from "node:path";
import { Command, Option } from "commander";
import { createFileBlobStore } from "../../adapters/blob-fs/mod.ts";
import { createOrtRuntime, type OrtDevice } from "../../adapters/ort-node/mod.ts";
import { canonicalJson, FutagoError, sha256Hex } from "../../base/mod.ts";
import { type Split, splitBy, trainingValidation } from "../../evaluation/mod.ts";
import type { FeatureSchemaInput } from "../../features/mod.ts";
import { towerPresets } from "../../towers/mod.ts";
import {
  createTrialTrainer,
  defaultSearchSpace,
  parseSearchSpace,
  planStudy,
  renderStudyHtml,
  runStudy,
  type StudyOutcome,
  type StudyPlan,
  type StudyStore,
  scoreOf,
  type Trial,
} from "../../tuning/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { type DataOptions, readData, splitOptions, withDataOptions } from "../evaluation/data-options.ts";
import { peakRssMb } from "../evaluation/summaries.ts";
import { readFeatureSchema } from "../feature-schema.ts";
import { withStores } from "../open-stores.ts";
import { realNumber, wholeNumber } from "../option-values.ts";
import { readJsonFile } from "../read-json-file.ts";
import { type ModelOptions, readModelSettings } from "../read-model-settings.ts";
import { tableOf } from "../table.ts";
import { writeText } from "../text-files.ts";

interface Options extends DataOptions, ModelOptions {
  readonly schema?: string;
  readonly space?: string;
  readonly study?: string;
  readonly list?: boolean;
  readonly restart?: boolean;
  readonly trials: number;
  readonly minEpochs: number;
  readonly hours?: number;
  readonly minutes?: number;
  readonly concurrency?: number;
  readonly memory?: number;
  readonly seed: number;
  readonly device: OrtDevice;
  readonly html?: string;
  readonly output?: string;
}

/**
 * `futago tune`.
 *
 * @returns The command.
 */
export function tuneCommand(): Command {
  const command = withDataOptions(
    new Command("tune").description(
      "Search for settings of towers and training: random search with successive halving, on validation alone",
    ),
  )
    .addOption(
      new Option("--preset <name>", "towers that the search starts from (default: standard)").choices(
        Object.keys(towerPresets),
      ),
    )
    .option("--schema <name>", "features: video, movielens or a JSON file (default: as the data)")
    .option(
      "--embedding-dim <n>",
      "width of the vectors (default: the preset's)",
      wholeNumber({ min: 8, max: 4096 }),
    )
    .option("--settings <file>", "what is not searched, as JSON; other options go first")
    .option(
      "--space <file>",
      "what is searched, as JSON (default: dropout, bias, temperature, rate, decay, batch)",
    )
    .option("--study <name>", "the study to begin or go on with (default: named after what is asked)")
    .option("--list", "list the studies, and do nothing")
    .option("--restart", "remove the trials of the study first")
    .option(
      "--trials <n>",
      "trials in all; more than last time to go on with a study",
      wholeNumber({ min: 1 }),
      30,
    )
    .option("--epochs <n>", "most epochs of a trial (default: the preset's)", wholeNumber({ min: 1 }))
    .option("--min-epochs <n>", "least epochs before trials are compared", wholeNumber({ min: 1 }), 4)
    .option("--hours <x>", "stop after so long; what is done is kept", realNumber({ min: 0 }))
    .addOption(
      new Option("--minutes <x>", "the same in minutes").argParser(realNumber({ min: 0 })).conflicts("hours"),
    )
    .option(
      "--concurrency <n>",
      "trials at once (default: one for each two processors)",
      wholeNumber({ min: 1 }),
    )
    .option(
      "--memory <mb>",
      "what the trials at once may take, as reckoned (default: half of the machine's)",
      wholeNumber({ min: 1 }),
    )
    .option("--seed <n>", "of the split, the draws and training", wholeNumber({ min: 0 }), 42)
    .addOption(
      new Option("--device <name>", "where to compute").choices(["cpu", "webgpu", "cuda"]).default("cpu"),
    )
    .option("--html <file>", "write the study as one page")
    .option("--output <file>", "write the best settings for --settings of train and evaluate")
    .addHelpText(
      "after",
      `
A study that is stopped or killed goes on where it stood when the same command is run again.
The test part of the split is not looked at: measure what came out with futago evaluate --settings.

Examples:
  futago tune --trials 30 --hours 2 --html study.html --output best.json
  futago tune --movielens ml-1m --preset lite --epochs 50 --concurrency 2 --memory 4000
  futago tune --space space.json --study dropout --json
  futago tune --list
  futago train --settings best.json --update-db`,
    );
  return withSharedOptions(command).action(action<Options>((context, options) => tune(context, options)));
}

async function tune(context: CliContext, options: Options): Promise<void> {
  if (options.list) return listStudies(context);
  const base = await readModelSettings(options);
  const schema = await readFeatureSchema(
    options.schema ?? (options.movielens === undefined ? "video" : "movielens"),
    base.towers.preset,
  );
  const space =
    options.space === undefined
      ? defaultSearchSpace
      : parseSearchSpace((await readJsonFile(options.space, "a search space")).json);
  const division = await splitOptions(options);
  const outcome = await withStores(context, async ({ database }) => {
    const dataset = await readData(options, (read) => read(database.catalogue));
    const { protocol, seed, minEpochs } = options;
    const split = splitBy(dataset, protocol, { ...division, seed });
    const data = sha256Hex(`${split.hash} ${canonicalJson(schema)}`);
    const plan = planStudy({ data, base, space, schema, seed, minEpochs });
    return runOn(split, { context, options, schema, plan, store: database.tuning });
  });
  await report(context, outcome, options);
}

interface StudyOn {
  readonly context: CliContext;
  readonly options: Options;
  readonly schema: FeatureSchemaInput;
  readonly plan: StudyPlan;
  readonly store: StudyStore;
}

async function runOn(
  split: Split,
  { context, options, schema, plan, store }: StudyOn,
): Promise<StudyOutcome> {
  const { trials } = options;
  const name = options.study ?? `study-${sha256Hex(canonicalJson(plan)).slice(0, 8)}`;
  const { concurrency, memoryBytes, threads } = shares(options);
  const runtime = await createOrtRuntime({
    device: options.device,
    ...(threads === undefined ? {} : { threads }),
  });
  const validation = trainingValidation(split);
  const trainer = createTrialTrainer({
    runtime,
    checkpoints: createFileBlobStore(resolve(context.home, "checkpoints", "studies", name)),
    dataset: split.train,
    schema,
    ...(validation === undefined ? {} : { validation }),
  });
  if (options.restart) {
    for (const { number } of await store.trials(name)) await trainer.forget(number);
    await store.remove(name);
  }
  context.say(
    `Study ${name}: up to ${trials} trials, compared after ${plan.rungs.join(", ")} epochs, ${concurrency} at once`,
  );
  const task = context.progress.start("Tuning", trials);
  const compared = ({ scores, state }: Trial): boolean => scores.length > 0 || state === "failed";
  task.advance((await store.trials(name)).filter(compared).length);
  try {
    return await runStudy(name, {
      ...{ store, trainer, plan, trials, concurrency, memoryBytes, clock: Date },
      signal: AbortSignal.any([context.signal, ...deadline(options)]),
      heard: (trial) => {
        if (trial.scores.length === 1 || (trial.state === "failed" && trial.scores.length === 0))
          task.advance(1);
        context.say(describe(trial, plan));
      },
    });
  } finally {
    task.done();
  }
}

/** What each trial at once gets of the machine. */
function shares({ device, ...options }: Options) {
  const processors = availableParallelism();
  const concurrency = options.concurrency ?? (device === "cpu" ? Math.max(1, Math.floor(processors / 2)) : 1);
  return {
    concurrency,
    memoryBytes: options.memory === undefined ? totalmem() / 2 : options.memory * 2 ** 20,
    threads: device === "cpu" ? Math.max(1, Math.floor(processors / concurrency)) : undefined,
  };
}

function deadline({ hours, minutes }: Options): readonly AbortSignal[] {
  const limit = hours === undefined ? minutes : hours * 60;
  if (limit === undefined) return [];
  // A timer holds 31 bits of milliseconds, and one of 0 would let something begin.
  return [limit === 0 ? AbortSignal.abort() : AbortSignal.timeout(Math.min(limit * 60_000, 2 ** 31 - 1))];
}

function describe(trial: Trial, { rungs }: StudyPlan): string {
  const { number, state, scores, reason, seconds } = trial;
  if (state === "failed") return `Trial ${number} failed: ${reason}`;
  const at = `${rungs[scores.length - 1]} epochs`;
  return `Trial ${number}: validation NDCG@10 ${scoreOf(trial)!.toFixed(4)} at ${at}, ${seconds.toFixed(1)} s`;
}

async function report(context: CliContext, outcome: StudyOutcome, options: Options): Promise<void> {
  const { name, trials, best, complete, plan } = outcome;
  const epochsOf = ({ scores }: Trial): number => plan.rungs[scores.length - 1]!;
  if (options.html !== undefined) {
    await writeText(context, { path: options.html, text: renderStudyHtml(outcome) });
  }
  if (options.output !== undefined && best !== undefined) {
    await writeText(context, { path: options.output, text: `${JSON.stringify(best.settings, null, 2)}\n` });
  }
  const failed = trials.filter(({ state }) => state === "failed");
  const base = trials.find(({ number, scores }) => number === 0 && scores.length > 0);
  if (best !== undefined) {
    const figure = (trial: Trial): string => `${scoreOf(trial)!.toFixed(4)} after ${epochsOf(trial)} epochs`;
    const beside = base === undefined ? "" : `; the base has ${figure(base)}`;
    context.say(`Best: trial ${best.number}, validation NDCG@10 ${figure(best)}${beside}`);
  }
  context.result({
    study: name,
    complete,
    rungs: plan.rungs,
    trials: trials.length,
    failed: failed.length,
    best: best && {
      trial: best.number,
      ndcg10: scoreOf(best),
      epochs: epochsOf(best),
      settings: best.settings,
    },
    base: base && { ndcg10: scoreOf(base), epochs: epochsOf(base) },
    trainSeconds: trials.reduce((sum, { seconds }) => sum + seconds, 0),
    peakRssMb: peakRssMb(),
  });
  if (context.signal.aborted) {
    throw new FutagoError("cancelled", "Cannot finish the study as it was stopped: run it again to go on");
  }
  if (!complete) context.say("Time is up: the same command goes on");
  if (best === undefined && complete) {
    throw new RangeError(
      `Cannot name the best settings as a trial must have been trained: all ${failed.length} failed, the first with "${failed[0]?.reason}"`,
    );
  }
}

async function listStudies(context: CliContext): Promise<void> {
  await withStores(context, async ({ database: { tuning } }) => {
    const studies = await tuning.studies();
    const rows = studies.map(({ name, trials, plan, createdAt }) => {
      return [name, trials, plan.rungs.join(", "), new Date(createdAt).toISOString().slice(0, 16)];
    });
    if (rows.length === 0) context.say("No study yet");
    else for (const line of tableOf([["study", "trials", "rungs", "begun"], ...rows])) context.say(line);
    context.result(studies.map(({ name, trials, createdAt }) => ({ study: name, trials, createdAt })));
  });
}
