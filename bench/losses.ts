import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { openDataFolder } from "../src/adapters/fs/mod.ts";
import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { readMovieLens } from "../src/catalogue/mod.ts";
import { evaluate, splitStrong, trainingValidation } from "../src/evaluation/mod.ts";
import { movielensSchema } from "../src/features/mod.ts";
import { createTowerScorer, loadTowers } from "../src/towers/mod.ts";
import { createTrainer, type TrainingOptions } from "../src/training/mod.ts";
import type { BenchmarkOptions } from "./benchmark.ts";
import { describeMachine } from "./machine.ts";

/** Shown in the list of benchmarks. */
export const about =
  "every loss by every mix of negatives on MovieLens, by validation; --movielens DIR --rows FILE --only NAME,NAME --seed N --epochs N --dims N --training JSON --minutes N";

/** Shares of hard and of popular negatives; the rest is uniform. `all` is the whole catalogue, nothing drawn. */
const mixes = {
  all: {},
  uniform: { hardShare: 0, popularShare: 0 },
  popular: { hardShare: 0, popularShare: 1 },
  hard: { hardShare: 1, popularShare: 0 },
  "60/30/10": { hardShare: 0.3, popularShare: 0.1 },
} as const satisfies Record<string, TrainingOptions>;

/** Draws even from a small catalogue, and few enough for it to matter which: 256 negatives beside the batch's positives. */
const drawn = { maxCandidates: 1, sampledNegatives: 256, maxPositives: 8 } as const;

/** The most telling rows first, for a run that is cut short. */
const order: readonly (readonly [NonNullable<TrainingOptions["loss"]>, keyof typeof mixes])[] = [
  ["softmax_single", "all"],
  ["softmax_single", "60/30/10"],
  ["softmax", "all"],
  ["gbce", "all"],
  ["bce", "uniform"],
  ["hinge", "all"],
  ["softmax_single", "uniform"],
  ["softmax_single", "popular"],
  ["softmax_single", "hard"],
  ["gbce", "60/30/10"],
  ["gbce", "uniform"],
  ["bce", "60/30/10"],
  ["hinge", "60/30/10"],
  ["softmax", "60/30/10"],
  ["softmax", "uniform"],
  ["hinge", "uniform"],
  ["gbce", "popular"],
  ["gbce", "hard"],
  ["bce", "popular"],
  ["bce", "hard"],
  ["softmax", "popular"],
  ["softmax", "hard"],
  ["hinge", "popular"],
  ["hinge", "hard"],
];

/** One training, as it is kept in the file of finished rows. */
interface Row {
  readonly name: string;
  readonly seed: number;
  readonly dims: number;
  readonly training: TrainingOptions;
  readonly ndcg10: number;
  readonly ndcg100: number;
  /** 95 % of the means over resampled viewers. */
  readonly ndcg10Interval: readonly number[];
  readonly ndcg100Interval: readonly number[];
  readonly bestEpoch: number;
  readonly epochs: number;
  /** With validations; processor seconds are those of all cores, and do not grow where others use the machine. */
  readonly secondsPerEpoch: number;
  readonly cpuSecondsPerEpoch: number;
  readonly peakRssMb: number;
}

/**
 * Trains a row for each loss and mix, each in a process of its own, and measures it on the validation viewers of `strong`
 * by which it was stopped; test viewers are not looked at. Finished rows are kept in a file, and not trained again.
 *
 * @param options Arguments and log.
 * @returns The rows that are finished, best NDCG@10 first, and the names of those that are not.
 */
export async function run({ args, log }: BenchmarkOptions): Promise<Readonly<Record<string, unknown>>> {
  const { asked, movielens, file, minutes, child } = readArguments(args);
  if (child) return { row: await train(asked[0]!, movielens) };
  const until = Date.now() + minutes * 60_000;
  const finished: Row[] = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Row[]) : [];
  const rowOf = (each: Asked): Row | undefined => finished.find((row) => keyOf(row) === keyOf(each));
  for (const each of asked) {
    if (rowOf(each) !== undefined || Date.now() > until) continue;
    log(`training ${each.name}, seed ${each.seed}`);
    const row = trainInChild(each, args);
    finished.push(row);
    writeFileSync(file, `${JSON.stringify(finished, null, 2)}\n`);
    log(`  ndcg@10 ${row.ndcg10} ndcg@100 ${row.ndcg100}, best epoch ${row.bestEpoch}`);
  }
  const rows = asked.flatMap((each) => rowOf(each) ?? []).sort((a, b) => b.ndcg10 - a.ndcg10);
  for (const line of tableOf(rows)) log(line);
  const left = asked.filter((each) => rowOf(each) === undefined).map(({ name }) => name);
  return { rows, left };
}

type Asked = Pick<Row, "name" | "seed" | "dims" | "training">;

const keyOf = ({ name, seed, dims, training }: Asked): string => JSON.stringify([name, seed, dims, training]);

function readArguments(args: readonly string[]) {
  const value = (name: string): string | undefined =>
    args.includes(`--${name}`) ? args[args.indexOf(`--${name}`) + 1] : undefined;
  const { only, child } = { only: value("only")?.split(","), child: value("row") };
  const seed = Number(value("seed") ?? 42);
  const dims = Number(value("dims") ?? 256);
  const changes = {
    ...(value("epochs") !== undefined && { epochs: Number(value("epochs")) }),
    ...(JSON.parse(value("training") ?? "{}") as TrainingOptions),
  };
  const asked = order.map(([loss, mix]): Asked => {
    // The pairs of bce are drawn from the whole catalogue, by whatever mix.
    const sampled = mix !== "all" && loss !== "bce";
    const training = { loss, ...mixes[mix], ...(sampled && drawn), ...changes };
    return { name: `${loss} ${mix}`, seed, dims, training };
  });
  const names = child === undefined ? only : [child];
  return {
    asked: asked.filter(({ name }) => names?.includes(name) ?? true),
    movielens: value("movielens") ?? "../shared/data/ml-1m",
    file: value("rows") ?? ".cache/losses.json",
    minutes: Number(value("minutes") ?? Number.POSITIVE_INFINITY),
    child: child !== undefined,
  };
}

/** In a process of its own, so that its peak of memory is its own. */
function trainInChild({ name }: Asked, args: readonly string[]): Row {
  const main = `${import.meta.dirname}/main.ts`;
  const child = spawnSync(process.execPath, [main, "losses", "--json", ...args, "--row", name], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.status !== 0) throw new Error(`Cannot train "${name}": its process ended with ${child.status}`);
  return (JSON.parse(child.stdout.trim().split("\n").at(-1)!) as { row: Row }).row;
}

async function train(asked: Asked, movielens: string): Promise<Row> {
  const { seed, dims } = asked;
  const dataset = await readMovieLens(openDataFolder(movielens), { minItemEvents: 5 });
  const split = splitStrong(dataset, { seed });
  const runtime = await createOrtRuntime();
  const validation = trainingValidation(split);
  const started = { wall: performance.now(), cpu: process.cpuUsage() };
  const model = await createTrainer({ runtime }).fit(split.train, {
    schema: movielensSchema,
    towers: { preset: "standard", dims },
    training: { seed, ...asked.training },
    ...(validation === undefined ? {} : { validation }),
  });
  const seconds = (performance.now() - started.wall) / 1000;
  const cpu = process.cpuUsage(started.cpu);
  const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024);
  const towers = await loadTowers(runtime, model);
  const scorer = await createTowerScorer(towers, { runtime, items: split.items });
  const report = await evaluate({ ...split, test: split.validation }, [scorer], { ks: [10, 100] });
  await scorer.close();
  await towers.close();
  const { metrics, ci95 } = report.models[0]!;
  const epochs = model.curves.at(-1)!.epoch;
  return {
    ...asked,
    ndcg10: round(metrics["ndcg@10"]!, 4),
    ndcg100: round(metrics["ndcg@100"]!, 4),
    ndcg10Interval: ci95["ndcg@10"]!.map((x) => round(x, 4)),
    ndcg100Interval: ci95["ndcg@100"]!.map((x) => round(x, 4)),
    bestEpoch: model.best.epoch,
    epochs,
    secondsPerEpoch: round(seconds / epochs, 2),
    cpuSecondsPerEpoch: round((cpu.user + cpu.system) / 1e6 / epochs, 2),
    peakRssMb,
  };
}

function tableOf(rows: readonly Row[]): readonly string[] {
  const { cores } = describeMachine();
  const cells = rows.map(({ name, ...row }) => {
    const [loss, mix] = name.split(" ");
    const figures = [
      `${row.ndcg10.toFixed(3)} (${row.ndcg10Interval.map((x) => x.toFixed(3)).join("-")})`,
      `${row.ndcg100.toFixed(3)} (${row.ndcg100Interval.map((x) => x.toFixed(3)).join("-")})`,
      `${row.bestEpoch}`,
      row.cpuSecondsPerEpoch.toFixed(1),
      `${row.peakRssMb}`,
    ];
    return `| \`${loss}\` | ${mix} | ${figures.join(" | ")} |`;
  });
  return [
    `| loss | negatives | NDCG@10 | NDCG@100 | best epoch | processor seconds an epoch, of ${cores} cores | peak memory, MB |`,
    "|---|---|---|---|---|---|---|",
    ...cells,
  ];
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
