import { beforeAll, describe, expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createMemoryBlobStore, createRandom, silentProgress } from "../base/mod.ts";
import { buildDataset, type Dataset, generateDemo } from "../catalogue/mod.ts";
import { bagEntries, fitFeatures, videoSchema } from "../features/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import { bagWidth, initialWeights, resolveTowerConfig, tableName, towerParameters } from "../towers/mod.ts";
import type { FitOptions } from "./fit-options.ts";
import type { TrainedModel } from "./trained-model.ts";
import { createTrainer } from "./trainer.ts";
import { startWarm } from "./warm-start.ts";

const fit: FitOptions = {
  schema: videoSchema,
  towers: { preset: "lite", dims: 18, hidden: [16], learnTemperature: true },
  training: { epochs: 8, validateEvery: 1, validationShare: 0.3, checkpointSteps: 3 },
};

const demo = generateDemo({ seed: 3, items: 200, people: 120 });
const dataset = buildDataset(demo).dataset;

/** The same, with items and viewers that come first and so turn every order around. */
function grown(): Dataset {
  const items = demo.items.map((item, i) => ({
    ...item,
    id: `new-${i}`,
    fields: { ...item.fields, genres: [`new genre ${i % 3}`], maker: `new maker ${i % 5}` },
  }));
  const people = demo.people.map((person) => ({ ...person, id: `new-${person.id}` }));
  const ids = new Map(demo.items.map(({ id }, i) => [id, items[i]!.id]));
  // Three in four of the old likes are gone, so that what was most frequent no longer is.
  const events = demo.events.flatMap((event, e) => [
    { ...event, personId: `new-${event.personId}`, itemId: ids.get(event.itemId)! },
    ...(e % 4 === 0 ? [event] : []),
  ]);
  return buildDataset({
    items: [...items, ...demo.items],
    people: [...people, ...demo.people],
    events,
  }).dataset;
}

describe("starting from a parent", () => {
  let runtime: Runtime;
  let parent: TrainedModel;
  beforeAll(async () => {
    runtime = await createOrtRuntime({ threads: 1 });
    parent = await createTrainer({ runtime }).fit(dataset, fit);
  });

  test("[TR8] on the same data reaches what the parent reached in the first epoch, and is not worse at the end", async () => {
    const child = await createTrainer({ runtime }).fit(dataset, { ...fit, warmStart: { parent } });
    expect(child.start.kind).toBe("warm");
    expect(child.start).toMatchObject({ carriedRows: (child.start as { rows: number }).rows });
    // Cold, the first epoch is far from it.
    expect(parent.curves[0]!.ndcg).toBeLessThan(0.8 * parent.best.ndcg!);
    expect(child.curves[0]!.ndcg).toBeGreaterThan(0.95 * parent.best.ndcg!);
    expect(child.best.ndcg).toBeGreaterThanOrEqual(0.99 * parent.best.ndcg!);
  });

  test("[TR9] every old entry starts from its own row, wherever it is now, and a new one fresh", () => {
    const features = fitFeatures(videoSchema, grown());
    const layouts = { user: features.userLayout, item: features.itemLayout };
    const config = resolveTowerConfig(fit.towers, layouts);
    const parameters = towerParameters(config, layouts);
    const fresh = initialWeights(config, { parameters, random: createRandom(9) });
    const weights = Object.fromEntries(Object.entries(fresh).map(([name, data]) => [name, data.slice()]));
    const start = startWarm(weights, { warmStart: { parent }, features, parameters });
    expect(start.kind).toBe("warm");

    let [moved, added, widened] = [0, 0, 0];
    for (const side of ["user", "item"] as const) {
      for (const layout of layouts[side].bags) {
        const before = bagEntries(parent.features, side, layout.name);
        const after = bagEntries(features, side, layout.name);
        if (before === undefined || after === undefined) continue;
        const name = tableName(side, layout.name);
        const width = bagWidth(config, layout);
        const widthBefore = parent.weights[name]!.length / (before.length + 1);
        if (widthBefore < width) widened++;
        for (const [at, entry] of after.entries()) {
          const row = weights[name]!.subarray((at + 1) * width, (at + 2) * width);
          const old = before.indexOf(entry);
          if (old < 0) {
            added++;
            expect(row).toEqual(fresh[name]!.subarray((at + 1) * width, (at + 2) * width));
            continue;
          }
          if (old !== at) moved++;
          const kept = parent.weights[name]!.subarray((old + 1) * widthBefore, (old + 2) * widthBefore);
          expect(row.subarray(0, widthBefore)).toEqual(kept);
          expect(row.subarray(widthBefore).every((x) => x === 0)).toBe(true);
        }
      }
    }
    expect(moved).toBeGreaterThan(50);
    expect(added).toBeGreaterThan(50);
    // Genres and makers are few, so that the width of their vectors follows their number.
    expect(widened).toBeGreaterThan(0);
    // Behind the bags, whose width may have grown, the dense columns keep their rows of the first layer.
    const dense = layouts.user.denseWidth * 16;
    expect(dense).toBeGreaterThan(0);
    expect(weights["user.hidden0.weight"]!.subarray(-dense)).toEqual(
      parent.weights["user.hidden0.weight"]!.subarray(-dense),
    );
    expect(weights["user.output.weight"]).toEqual(parent.weights["user.output.weight"]);
    expect(weights["log_temperature"]).toEqual(parent.weights["log_temperature"]);
    expect(weights["log_temperature"]).not.toEqual(fresh["log_temperature"]);
  });

  test("[TR9] a learned temperature is left behind where training keeps its own", () => {
    const features = fitFeatures(videoSchema, dataset);
    const layouts = { user: features.userLayout, item: features.itemLayout };
    const config = resolveTowerConfig({ ...fit.towers, learnTemperature: false }, layouts);
    const parameters = towerParameters(config, layouts);
    const weights = initialWeights(config, { parameters, random: createRandom(9) });
    expect(startWarm(weights, { warmStart: { parent }, features, parameters }).kind).toBe("warm");
    expect(Object.keys(weights)).not.toContain("log_temperature");
  });

  test("[TR10] refuses another schema or another shape, or says that it starts fresh", async () => {
    const trainer = createTrainer({ runtime });
    const schema = { ...videoSchema, version: videoSchema.version + 1 };
    await expect(trainer.fit(dataset, { ...fit, schema, warmStart: { parent } })).rejects.toThrow(
      "its feature schema is another",
    );
    for (const [towers, message] of [
      [{ ...fit.towers, dims: 26 }, /user\.history\.table is \d+ × 16 instead of \d+ × 24/],
      [{ ...fit.towers, hidden: [] }, /instead of|besides/],
      [{ ...fit.towers, hidden: [16, 16] }, /it has no user\.hidden1\.weight/],
    ] as const) {
      const wrong = trainer.fit(dataset, { ...fit, towers, warmStart: { parent } });
      await expect(wrong).rejects.toThrow(RangeError);
      await expect(wrong).rejects.toThrow(message);
    }
    const training = { ...fit.training, epochs: 1 };
    const cold = await trainer.fit(dataset, { ...fit, schema, training });
    const warmStart = { parent, mismatch: "fresh" } as const;
    const told = await trainer.fit(dataset, { ...fit, schema, training, warmStart });
    expect(told.start).toEqual({ kind: "fresh", reason: "its feature schema is another" });
    expect(told.weights).toEqual(cold.weights);
  });

  test("[TR11] stopped and resumed gives the same, and a checkpoint of another start is left alone", async () => {
    const warmStart = { parent };
    const options = { ...fit, training: { ...fit.training, epochs: 3 } };
    const whole = await createTrainer({ runtime }).fit(dataset, { ...options, warmStart });
    const checkpoints = createMemoryBlobStore();
    const controller = new AbortController();
    let steps = 0;
    const progress = {
      start: () => ({
        ...silentProgress.start(""),
        advance: (units: number) => {
          steps += units;
          if (steps >= 4) controller.abort();
        },
      }),
    };
    const stopped = createTrainer({ runtime, checkpoints, progress }).fit(dataset, {
      ...options,
      warmStart,
      signal: controller.signal,
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    const cold = await createTrainer({ runtime, checkpoints }).fit(dataset, options);
    expect(cold.start).toEqual({ kind: "fresh" });
    expect(cold.weights).not.toEqual(whole.weights);
    expect(await checkpoints.list("checkpoints/")).toHaveLength(1);
    const resumed = await createTrainer({ runtime, checkpoints }).fit(dataset, { ...options, warmStart });
    expect(resumed.weights).toEqual(whole.weights);
    expect(resumed.curves).toEqual(whole.curves);
  });
});
