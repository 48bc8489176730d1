import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import type { Progress } from "../src/base/mod.ts";
import { buildDataset, type Dataset, filterEvents, generateDemo } from "../src/catalogue/mod.ts";
import { videoSchema } from "../src/features/mod.ts";
import { createTrainer } from "../src/training/mod.ts";
import type { BenchmarkOptions } from "./benchmark.ts";

/** Shown in the list of benchmarks. */
export const about = "training the 768-d preset on 100,000 interactions until validation stops it; --preset";

const interactions = 100_000;

/**
 * Trains on 100,000 events of an invented catalogue until early stopping, as `futago train` does.
 *
 * @param options Arguments and log.
 * @returns Seconds to the best epoch and in all, steps, the validation figure and the peak of resident memory.
 */
export async function run({ args, log }: BenchmarkOptions): Promise<Readonly<Record<string, unknown>>> {
  const preset = args.includes("--preset") ? args[args.indexOf("--preset") + 1] : "standard";
  if (preset !== "standard" && preset !== "lite") {
    throw new RangeError(`Cannot train as --preset must be standard or lite: current value is "${preset}"`);
  }
  const dataset = takeEvents(buildDataset(generateDemo({ people: 1200 })).dataset, interactions);
  const started = performance.now();
  const finished: number[] = [];
  const progress: Progress = {
    start: () => ({
      advance: (steps) => {
        for (let step = 0; step < steps; step++) finished.push(performance.now());
      },
      note: () => {},
      done: () => {},
    }),
  };
  log(`training "${preset}" on ${dataset.events.person.length} events`);
  const trainer = createTrainer({ runtime: await createOrtRuntime(), progress });
  const model = await trainer.fit(dataset, { schema: videoSchema, towers: { preset } });
  const seconds = (performance.now() - started) / 1000;
  const bestStep = model.curves.find(({ epoch }) => epoch === model.best.epoch)?.step ?? model.steps;
  return {
    preset,
    dims: model.towerConfig.dims,
    interactions: dataset.events.person.length,
    viewers: model.trainedUsers,
    items: model.trainedItems,
    epochs: model.curves.at(-1)?.epoch,
    bestEpoch: model.best.epoch,
    validationNdcg10: model.best.ndcg,
    secondsToBestEpoch: round((finished[bestStep - 1]! - started) / 1000),
    seconds: round(seconds),
    steps: model.steps,
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

function takeEvents(dataset: Dataset, count: number): Dataset {
  if (dataset.events.person.length < count) throw new Error(`The demo has fewer than ${count} events`);
  return filterEvents(dataset, (event) => event < count);
}

function round(seconds: number): number {
  return Math.round(seconds * 10) / 10;
}
