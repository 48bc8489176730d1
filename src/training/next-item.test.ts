import { describe, expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { type BlobStore, createRandom, type Progress, silentProgress } from "../base/mod.ts";
import { buildDataset, type CatalogueEvent, type Dataset } from "../catalogue/mod.ts";
import { fitFeatures, parseFeatureSchema } from "../features/mod.ts";
import { loadTowers } from "../towers/mod.ts";
import { batchOrder } from "./batch-order.ts";
import { CoinTape } from "./coin-tape.ts";
import type { FitOptions } from "./fit-options.ts";
import { readNextItemData } from "./next-item-data.ts";
import { createTrainer } from "./trainer.ts";
import { resolveTrainingConfig, type TrainingOptions } from "./training-config.ts";
import { holdOut } from "./validation-set.ts";

const runtime = await createOrtRuntime({ threads: 1 });

const schemaOf = (length: number) =>
  parseFeatureSchema({
    kind: "feature-schema",
    name: "ordered",
    version: 1,
    item: [
      { kind: "id", name: "id" },
      { kind: "bag", name: "genre", field: "genres" },
    ],
    user: [
      { kind: "sequence", name: "sequence", length },
      { kind: "category", name: "region", field: "region" },
    ],
  });

/** Everybody takes the items of a ring one after another, each from a place of their own: only order tells what is next. */
function ring(viewers = 40, size = 12): Dataset {
  const items = Array.from({ length: size }, (_, i) => {
    return { id: `i${i}`, title: `Item ${i}`, fields: { genres: [`g${i % 2}`] } };
  });
  const people = Array.from({ length: viewers }, (_, p) => ({
    id: `p${p}`,
    fields: { region: `r${p % 2}` },
  }));
  const events = people.flatMap(({ id }, p) =>
    Array.from({ length: 6 + (p % 5) }, (_, e): CatalogueEvent => {
      return { personId: id, itemId: `i${(p * 5 + e) % size}`, kind: "like", at: e * 60_000 };
    }),
  );
  return buildDataset({ items, people, events }).dataset;
}

const small = {
  schema: schemaOf(5),
  towers: {
    preset: "sequence-lite",
    dims: 18,
    idDims: 16,
    bagDims: 4,
    sequence: { width: 16, blocks: 1, heads: 2, feedForward: 16, dropout: 0.1 },
  },
  training: {
    batchUsers: 32,
    epochs: 5,
    learningRate: 0.02,
    warmupSteps: 2,
    averaging: 0.9,
    checkpointSteps: 2,
  },
} as const satisfies FitOptions;

describe("learning the next item", () => {
  const drawn: TrainingOptions = { maxCandidates: 4, sampledNegatives: 8 };
  test.each([
    ["all candidates", {}],
    ["drawn negatives", drawn],
    ["gBCE", { ...drawn, loss: "gbce", sampledNegatives: 10 }],
    ["tables of the batch's rows alone", { ...drawn, denseRows: 4 }],
  ] as const)("finds an order that sums cannot tell, by %s", async (_, how) => {
    const dataset = ring();
    const training = { ...small.training, ...how, epochs: 40, patience: 0 };
    const model = await createTrainer({ runtime }).fit(dataset, { ...small, training, validation: "none" });
    expect(model.trainingConfig).toMatchObject({ loss: "softmax", hardShare: 0, ...how });
    expect(model.curves.at(-1)!.loss).toBeLessThan(model.curves[0]!.loss);
    const towers = await loadTowers(runtime, model);
    const vectors = await towers.embedItems(dataset.items);
    const items = new Map(dataset.items.map((item) => [item.id, item]));
    // The same items in two orders; in either the next one is the one that follows the last.
    const taken = [
      [3, 4, 5],
      [5, 4, 3],
    ].map((order) => ({
      person: { id: "new", fields: {} },
      items,
      events: order.map((i, at) => {
        return { personId: "new", itemId: `i${i}`, kind: "like" as const, at: at * 60_000 };
      }),
    }));
    const viewers = await towers.embedHistories(taken, { asOf: 1e9 });
    await towers.close();
    const best = [0, 1].map((viewer) => {
      const scores = dataset.items.map((_, i) =>
        vectors
          .subarray(i * towers.dims, (i + 1) * towers.dims)
          .reduce((sum, x, d) => sum + x * viewers[viewer * towers.dims + d]!, 0),
      );
      return scores.indexOf(Math.max(...scores));
    });
    expect(best).toEqual([6, 4]);
  });

  test("goes on after a stop as if there had been none, bit for bit", async () => {
    const dataset = ring();
    const blobs = new Map<string, Uint8Array>();
    const checkpoints: BlobStore = {
      read: async (path) => blobs.get(path),
      write: async (path, bytes) => void blobs.set(path, bytes.slice()),
      list: async () => [...blobs.keys()],
      remove: async (path) => void blobs.delete(path),
    };
    const options = { ...small, training: { ...small.training, ...drawn } };
    const whole = await createTrainer({ runtime }).fit(dataset, options);
    const controller = new AbortController();
    let steps = 0;
    const progress: Progress = {
      start: () => ({
        ...silentProgress.start(""),
        advance: (units) => {
          steps += units;
          if (steps >= 5) controller.abort();
        },
      }),
    };
    const stopped = createTrainer({ runtime, checkpoints, progress }).fit(dataset, {
      ...options,
      signal: controller.signal,
    });
    await expect(stopped).rejects.toMatchObject({ code: "cancelled" });
    expect(blobs.size).toBe(1);
    const resumed = await createTrainer({ runtime, checkpoints }).fit(dataset, options);
    expect(resumed.steps).toBe(whole.steps);
    for (const [name, data] of Object.entries(whole.weights)) expect(resumed.weights[name]).toEqual(data);
  });

  test("starts warm from the rows that it knows", async () => {
    const trainer = createTrainer({ runtime });
    const parent = await trainer.fit(ring(40, 10), { ...small, validation: "none" });
    const model = await trainer.fit(ring(40, 12), {
      ...small,
      training: { ...small.training, epochs: 1 },
      validation: "none",
      warmStart: { parent },
    });
    expect(model.start).toMatchObject({ kind: "warm" });
  });

  test.each([
    [{ loss: "bce" }, "loss must be softmax or gbce"],
    [{ hardShare: 0.3 }, "hardShare must be 0"],
    [{ nopeWeight: 2 }, "nopeWeight must be 1"],
    [{ featureDropout: { "*": 0.1 } }, "featureDropout must name no feature"],
  ] as const)("refuses %o", (training, message) => {
    expect(() => resolveTrainingConfig(training, small.schema)).toThrow(message);
  });
});

describe("readNextItemData", () => {
  test("cuts windows from the newest event back, with the next positive as the target of each step", () => {
    const items = ["a", "b", "c", "d"].map((id) => ({ id, title: id, fields: {} }));
    const likes = (personId: string, ids: string): CatalogueEvent[] =>
      [...ids].map((itemId, at) => ({ personId, itemId, kind: "like", at }));
    const events: CatalogueEvent[] = [
      ...likes("x", "abcda"),
      { personId: "y", itemId: "a", kind: "nope", at: 0 },
      { personId: "y", itemId: "b", kind: "view", watchFraction: 0.9, at: 1 },
      { personId: "y", itemId: "c", kind: "view", watchFraction: 0.1, at: 2 },
      { personId: "z", itemId: "d", kind: "nope", at: 0 },
    ];
    const people = ["x", "y", "z"].map((id) => ({ id, fields: {} }));
    const { dataset } = buildDataset({ items, people, events });
    const schema = schemaOf(3);
    const features = fitFeatures(schema, dataset);
    const training = resolveTrainingConfig({ viewWeight: 0.5, burstLikes: 0, bounceSeconds: 0 }, schema);
    const data = readNextItemData(dataset, { features, training });
    // x: [a b] [c d a]; y: [a b c]; z: [d]. Each begins with a start.
    expect([...data.windows.sequence!.offsets]).toEqual([0, 3, 7, 11, 13]);
    const [a, b, c, d] = ["a", "b", "c", "d"].map((id) => dataset.items.findIndex((item) => item.id === id));
    expect([...data.targets]).toEqual([
      // The first window begins where x begins; its last step looks into the next, whose start has no target.
      ...[a, b, c],
      ...[-1, d, a, -1],
      // Only the view of b was long enough.
      ...[-1, b, -1, -1],
      ...[-1, -1],
    ]);
    expect([...data.weights.filter((weight) => weight > 0)]).toEqual([1, 1, 1, 1, 1, 0.5]);
    expect([...data.rows]).toEqual([0, 1, 2]);
    expect(data).toMatchObject({ viewers: 2, targetsPerWindow: 2 });
    expect([...data.lengths]).toEqual([3, 4, 4, 2]);
  });
});

test("holdOut() hides the latest likes of held-out viewers where it is told to", () => {
  const { train, validation } = holdOut(ring(600), { share: 0.1, random: createRandom(1), latest: true });
  const { given, targets } = validation!;
  expect(given.offsets).toHaveLength(61);
  expect(train.events.item.length).toBeGreaterThan(0);
  for (let viewer = 0; viewer < 60; viewer++) {
    const last = given.item[given.offsets[viewer + 1]! - 1]!;
    const hidden = targets.indices.subarray(targets.offsets[viewer]!, targets.offsets[viewer + 1]!);
    // Of 6 to 10 likes one or two are hidden: what follows on the ring.
    expect([...hidden].map((item) => (item - last + 12) % 12).sort()).toEqual([1, 2].slice(0, hidden.length));
  }
});

test("batchOrder() brings rows of similar length together, and takes each once", () => {
  const users = Int32Array.from(Array(320).keys());
  const lengths = users.map((user) => (user * 7) % 320);
  const spread = (batches: readonly Int32Array[]): number =>
    batches.reduce((sum, batch) => {
      const own = Array.from(batch, (user) => lengths[user]!);
      return sum + Math.max(...own) - Math.min(...own);
    }, 0);
  const plain = batchOrder(users, { batchUsers: 20, random: createRandom(1) });
  const sorted = batchOrder(users, { batchUsers: 20, random: createRandom(1), lengths });
  // Sixteen batches of twenty are one group, and sorted as a whole: each spans 19.
  expect(spread(sorted)).toBe(16 * 19);
  expect(spread(plain)).toBeGreaterThan(16 * 200);
  expect(sorted.flatMap((batch) => [...batch]).sort((a, b) => a - b)).toEqual([...users]);
  const means = sorted.map((batch) => batch.reduce((sum, user) => sum + lengths[user]!, 0));
  expect(means).not.toEqual([...means].sort((a, b) => a - b));
});

test("CoinTape leaves out the share it was told to, again and again the same for the same source", () => {
  const tape = () => new CoinTape({ dropout: 0.25, random: createRandom(2) });
  const one = tape().read(20_000, createRandom(3));
  expect(new Set(one)).toEqual(new Set([0, Math.fround(4 / 3)]));
  // Four standard deviations of a share of 20,000 coins are 0.012.
  expect(Math.abs(one.filter((x) => x === 0).length / one.length - 0.25)).toBeLessThan(0.012);
  expect(tape().read(20_000, createRandom(3))).toEqual(one);
  const grown = tape();
  grown.read(10, createRandom(5));
  expect(grown.read(20_000, createRandom(3))).toEqual(one);
  expect(tape().read(20_000, createRandom(4))).not.toEqual(one);
});
