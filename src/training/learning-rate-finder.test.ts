import { describe, expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { type BlobStore, createRandom, silentProgress } from "../base/mod.ts";
import { buildDataset } from "../catalogue/mod.ts";
import type { FitOptions } from "./fit-options.ts";
import { type RateSweep, readCurve, resolveSweep } from "./learning-rate-finder.ts";
import { createTrainer } from "./trainer.ts";

describe("readCurve", () => {
  test("finds where the loss falls fastest and where it is lowest, and suggests where it is half of the way down", () => {
    // Rates of 10^-5 … 10^0.5 in steps of √10; flat, a fall of 1, then of 3 and 2, then rising.
    const losses = [10, 10, 10, 10, 9, 6, 4, 5, 9, 20];
    const points = losses.map((loss, at) => ({ rate: 10 ** (-5 + at / 2), loss }));
    const { steepest, lowest, suggested } = readCurve(points);
    expect(Math.log10(steepest)).toBeCloseTo(-2.5, 9);
    expect(Math.log10(lowest)).toBeCloseTo(-2, 9);
    // Half of the way from 10 to 4 is 7, two thirds of the way between 9 at 10^-3 and 6 at 10^-2.5.
    expect(Math.log10(suggested)).toBeCloseTo(-3 + (2 / 3) * 0.5, 9);
  });

  test("refuses a sweep that ran away at once, and ranges that are none", () => {
    expect(() => readCurve([{ rate: 1, loss: 1 }])).toThrow("start from a lower rate");
    expect(() => resolveSweep({ lowestRate: 1, highestRate: 0.1 })).toThrow(RangeError);
    expect(() => resolveSweep({ lowestRate: 0 })).toThrow(RangeError);
    expect(() => resolveSweep({ sweepSteps: 9 })).toThrow(RangeError);
    expect(resolveSweep({ highestRate: 0.1 })).toEqual({ from: 1e-5, to: 0.1, steps: 120 });
  });
});

test("a sweep learns at middling rates, keeps nothing, and gives the same again", async () => {
  const items = Array.from({ length: 40 }, (_, i) => ({ id: `i${i}`, title: "", fields: {} }));
  const people = Array.from({ length: 40 }, (_, p) => ({ id: `p${p}`, fields: {} }));
  const random = createRandom(1);
  // Even people like even items.
  const events = people.flatMap(({ id }, p) =>
    Array.from({ length: 8 }, (_, at) => ({
      personId: id,
      itemId: `i${2 * random.integer(20) + (p % 2)}`,
      kind: "like" as const,
      at,
    })),
  );
  const { dataset } = buildDataset({ items, people, events });
  const written: string[] = [];
  const checkpoints: BlobStore = {
    read: async () => undefined,
    write: async (path) => void written.push(path),
    list: async () => [],
    remove: async (path) => void written.push(path),
  };
  const trainer = createTrainer({
    runtime: await createOrtRuntime({ threads: 1 }),
    checkpoints,
    progress: silentProgress,
  });
  const options: FitOptions & RateSweep = {
    schema: {
      kind: "feature-schema",
      name: "parity",
      version: 1,
      item: [{ kind: "id", name: "id" }],
      user: [{ kind: "history", name: "history" }],
    },
    towers: { preset: "lite", dims: 10, hidden: [8] },
    training: { batchUsers: 20, checkpointSteps: 1 },
    sweepSteps: 60,
  };
  const curve = await trainer.findLearningRate(dataset, options);
  expect(curve.points.length).toBeGreaterThan(30);
  expect(curve.points[0]!.rate).toBeCloseTo(1e-5, 12);
  const lowest = curve.points.find(({ rate }) => rate === curve.lowest)!;
  expect(lowest.loss).toBeLessThan(0.9 * curve.points[5]!.loss);
  expect(curve.suggested).toBeGreaterThan(1e-4);
  expect(await trainer.findLearningRate(dataset, options)).toEqual(curve);
  expect(written).toEqual([]);
  const stopped = trainer.findLearningRate(dataset, { ...options, signal: AbortSignal.abort() });
  await expect(stopped).rejects.toThrow("was stopped after 0 steps");
});
