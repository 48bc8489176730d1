import { describe, expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createRandom, type Progress, silentProgress } from "../base/mod.ts";
import { buildDataset, type Dataset } from "../catalogue/mod.ts";
import { parseFeatureSchema } from "../features/mod.ts";
import { linearTables, loadTowers, longestLinearRow, resolveTowerConfig } from "../towers/mod.ts";
import type { FitOptions } from "./fit-options.ts";
import { linearColumns } from "./linear-columns.ts";
import { createTrainer } from "./trainer.ts";
import type { TrainingOptions } from "./training-config.ts";
import { shorten } from "./viewer-doubt.ts";

const runtime = await createOrtRuntime({ threads: 1 });

const schema = parseFeatureSchema({
  kind: "feature-schema",
  name: "pairs",
  version: 1,
  item: [{ kind: "id", name: "id" }],
  user: [{ kind: "history", name: "history" }],
  history: { limit: 100, maxEvents: 200 },
});

/** Items come in pairs: whoever likes one of a pair likes the other too, of six pairs drawn from twenty. */
function pairs(viewers: number): Dataset {
  const random = createRandom(7);
  const items = Array.from({ length: 40 }, (_, i) => ({ id: `i${i}`, title: `Item ${i}`, fields: {} }));
  const people = Array.from({ length: viewers }, (_, p) => ({ id: `p${p}`, fields: {} }));
  const events = people.flatMap(({ id }) => {
    const drawn = Array.from(Array(20).keys());
    for (let k = 0; k < 6; k++) {
      const j = k + random.integer(drawn.length - k);
      [drawn[k], drawn[j]] = [drawn[j]!, drawn[k]!];
    }
    const liked = drawn.slice(0, 6).flatMap((pair) => [2 * pair, 2 * pair + 1]);
    return liked.map((i, at) => ({ personId: id, itemId: `i${i}`, kind: "like" as const, at: at * 1000 }));
  });
  return buildDataset({ items, people, events }).dataset;
}

const dataset = pairs(600);

/** Towers that a single step hardly moves from where they started, so that what is found is found in closed form. */
function train(training: TrainingOptions = {}, options: Partial<FitOptions> = {}, progress = silentProgress) {
  return createTrainer({ runtime, progress }).fit(dataset, {
    schema,
    towers: { preset: "lite", dims: 48, linearDims: 20, hidden: [], temperature: 1 },
    training: {
      epochs: 1,
      batchUsers: 600,
      learningRate: 1e-6,
      warmupSteps: 0,
      validationShare: 0.1,
      ...training,
    },
    ...options,
  });
}

describe("the linear part of a training", () => {
  test("[LP4] finds what goes with what, and is served in the vectors", async () => {
    const model = await train();
    expect(model.best.ndcg).toBeLessThan(0.5);
    expect(model.linear!.weight).toBeGreaterThan(0);
    expect(model.linear!.items).toBe(40);
    // Of a viewer's 12 likes 2 are hidden: in 1 of 11 cases they are a pair, which nothing given tells of.
    expect(model.linear!.ndcg).toBeGreaterThan(0.85);
    const towers = await loadTowers(runtime, model);
    expect(towers.dims).toBe(48);
    const items = await towers.embedItems(dataset.items);
    // Who liked item 6 alone is told item 7 first.
    const like = { itemId: "i6", kind: "like" as const, at: 0 };
    const person = { id: "new", fields: {} };
    const viewer = {
      person,
      events: [{ ...like, personId: "new" }],
      items: new Map([["i6", dataset.items[6]!]]),
    };
    const vector = await towers.embedHistories([viewer], { asOf: 1000 });
    const scores = dataset.items.map((_, i) =>
      vector.reduce((sum, x, d) => sum + x * items[i * 48 + d]!, i === 6 ? Number.NEGATIVE_INFINITY : 0),
    );
    expect(scores.indexOf(Math.max(...scores))).toBe(7);
    await towers.close();
  });

  test("[LP6] has its longest item at .9 of what items may have; one that nobody knew has nothing", async () => {
    const { weights } = await train();
    const rows = weights[linearTables.item]!;
    const lengths = Array.from({ length: rows.length / 20 }, (_, row) =>
      Math.hypot(...rows.subarray(row * 20, row * 20 + 20)),
    );
    expect(lengths[0]).toBe(0);
    expect(Math.max(...lengths)).toBeCloseTo(0.9 * longestLinearRow, 6);
    expect(weights[linearTables.reach]![0]).toBeGreaterThan(0);
  });

  test("[LP4] the same data and seed give the same part", async () => {
    const [one, two] = [await train(), await train()];
    for (const name of Object.values(linearTables)) expect(one.weights[name]).toEqual(two.weights[name]);
  });

  test("[LP5] adds nothing where nobody is there to choose its weight by, or popularity is discounted", async () => {
    const models = [await train({}, { validation: "none" }), await train({ popularityDiscount: 0.5 })];
    for (const model of models) {
      expect(model.linear).toBeUndefined();
      expect(model.weights[linearTables.item]!.every((x) => x === 0)).toBe(true);
      const towers = await loadTowers(runtime, model);
      const items = await towers.embedItems(dataset.items);
      for (let i = 0; i < 40; i++)
        expect(Math.hypot(...items.subarray(i * 48, (i + 1) * 48))).toBeCloseTo(1, 5);
      await towers.close();
    }
  });

  test("can be stopped while it is found", async () => {
    const stop = new AbortController();
    const progress: Progress = {
      start: (label) => {
        if (label === "Fitting the linear part") stop.abort();
        return silentProgress.start(label);
      },
    };
    const stopped = train({}, { signal: stop.signal }, progress);
    await expect(stopped).rejects.toThrow("Cannot finish the linear part");
  });

  test("[LP5] is found anew by a warm start", async () => {
    const parent = await train();
    const child = await train({ seed: 2 }, { warmStart: { parent } });
    expect(child.start).toMatchObject({ kind: "warm" });
    expect(child.linear!.ndcg).toBeGreaterThan(0.85);
  });
});

describe("the doubt of viewers of whom little is known", () => {
  /** Everybody likes the same few of 60 items most, and nothing else tells who likes what. */
  function alike(genre?: string): Dataset {
    const random = createRandom(3);
    const fields = genre === undefined ? {} : { genres: [genre] };
    const items = Array.from({ length: 60 }, (_, i) => ({ id: `i${i}`, title: `Item ${i}`, fields }));
    const people = Array.from({ length: 600 }, (_, p) => ({ id: `p${p}`, fields: {} }));
    const events = people.flatMap(({ id }) =>
      items.flatMap((item, i) =>
        random.next() < 1 / (1 + i / 4)
          ? [{ personId: id, itemId: item.id, kind: "like" as const, at: i }]
          : [],
      ),
    );
    return buildDataset({ items, people, events }).dataset;
  }

  test("[LP7] is chosen where a direction says more than is known", async () => {
    const options = {
      schema,
      towers: { preset: "lite", dims: 48, linearDims: 20, hidden: [], temperature: 0.1 },
      training: { epochs: 6, batchUsers: 100, learningRate: 0.02, warmupSteps: 0, validationShare: 0.2 },
    } as const;
    const model = await createTrainer({ runtime }).fit(alike(), options);
    expect(model.linear!.doubt).toBeGreaterThan(0);
    expect(model.weights[linearTables.doubt]![0]).toBe(model.linear!.doubt);
    // Heads read directions as they were trained.
    const training = { ...options.training, likeHeadWeight: 1 };
    const headed = await createTrainer({ runtime }).fit(alike(), { ...options, training });
    expect(headed.linear!.doubt).toBe(0);
    // Of who declares what they like, more is known than likes tell.
    const declared = parseFeatureSchema({
      kind: "feature-schema",
      name: "declared",
      version: 1,
      item: [
        { kind: "id", name: "id" },
        { kind: "bag", name: "genre", field: "genres", minCount: 1 },
      ],
      user: [
        { kind: "history", name: "history" },
        { kind: "distribution", name: "genreShare", of: "genre", declared: 5 },
      ],
      history: { limit: 100, maxEvents: 200 },
    });
    const told = await createTrainer({ runtime }).fit(alike("north"), { ...options, schema: declared });
    expect(told.linear!.doubt).toBe(0);
  });

  test("[LP7] shortens directions, the more the less is known, and leaves the rest", () => {
    const config = resolveTowerConfig({ preset: "lite", dims: 8, linearDims: 0 });
    const users = new Float32Array(24).fill(0.5);
    // Of nobody, of one like and of four: √(n + 1) / √(n + 1 + 2²).
    const likes = {
      offsets: Int32Array.of(0, 0, 1, 5),
      weights: Float32Array.of(1, 0.5, 0.5, 0.5, 0.5),
    };
    const short = shorten(users, likes, { config, doubt: 2 });
    for (const [row, share] of [1 / 5, 2 / 6, 5 / 9].map(Math.sqrt).entries()) {
      for (let d = 0; d < 8; d++) expect(short[row * 8 + d]).toBeCloseTo(d < 6 ? 0.5 * share : 0.5, 6);
    }
  });
});

test("[LP4] linearColumns() takes items that somebody liked and that have a row, in their order", () => {
  const positives = {
    offsets: Int32Array.of(0, 2, 2, 5),
    indices: Int32Array.of(3, 1, 0, 3, 4),
    weights: new Float32Array(5).fill(1),
  };
  // Item 4 has no row; nobody liked item 2.
  const ids = {
    offsets: Int32Array.of(0, 1, 2, 3, 4, 4),
    indices: Int32Array.of(5, 6, 7, 8),
    weights: new Float32Array(4).fill(1),
  };
  const { rows, likes } = linearColumns(positives, ids);
  expect([...rows]).toEqual([5, 6, 8]);
  expect([...likes.offsets]).toEqual([0, 2, 2, 4]);
  expect([...likes.items]).toEqual([2, 1, 0, 2]);
});
