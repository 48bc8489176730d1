import { describe, expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { type BlobStore, createRandom, isFutagoError, type Progress, silentProgress } from "../base/mod.ts";
import { buildDataset, type Dataset } from "../catalogue/mod.ts";
import { parseFeatureSchema } from "../features/mod.ts";
import { loadTowers } from "../towers/mod.ts";
import type { FitOptions } from "./fit-options.ts";
import { createTrainer } from "./trainer.ts";
import type { TrainingOptions } from "./training-config.ts";

const runtime = await createOrtRuntime({ threads: 1 });

const schema = parseFeatureSchema({
  kind: "feature-schema",
  name: "planted",
  version: 1,
  item: [
    { kind: "id", name: "id" },
    { kind: "bag", name: "genre", field: "genres" },
  ],
  user: [
    { kind: "history", name: "history" },
    { kind: "distribution", name: "genreShare", of: "genre" },
  ],
  history: { limit: 100, maxEvents: 200 },
});

/**
 * Implicit's checkerboard: viewers and items have a colour, and viewers like 12 of the 30 items of theirs. The last
 * five items of each colour nobody likes, so that only their genre tells.
 */
function checkerboard(viewers = 60, colours = 3): Dataset {
  const random = createRandom(5);
  const items = Array.from({ length: colours * 35 }, (_, i) => {
    return { id: `i${i}`, title: `Item ${i}`, fields: { genres: [`colour ${i % colours}`] } };
  });
  const people = Array.from({ length: viewers }, (_, p) => ({ id: `p${p}`, fields: {} }));
  const events = people.flatMap(({ id }, p) => {
    const liked = Array.from({ length: 30 }, (_, k) => k * colours + (p % colours));
    for (let k = 0; k < 12; k++) {
      const j = k + random.integer(liked.length - k);
      [liked[k], liked[j]] = [liked[j]!, liked[k]!];
    }
    return liked.slice(0, 12).map((i, at) => {
      return { personId: id, itemId: `i${i}`, kind: "like" as const, at: at * 1000 };
    });
  });
  return buildDataset({ items, people, events }).dataset;
}

const small: FitOptions = {
  schema,
  towers: { preset: "lite", dims: 18, hidden: [16], bagDims: 8 },
  training: {
    batchUsers: 16,
    epochs: 6,
    learningRate: 0.01,
    warmupSteps: 2,
    validationShare: 0.2,
    checkpointSteps: 3,
  },
};

/** What weighs, drops and learns beside the ranking, all at once. */
const aids: TrainingOptions = {
  targetHalfLifeDays: 30,
  viewCounts: "watched",
  idDropoutStart: 0.8,
  featureDropout: { "*": 0.2, "user.history": 0.1 },
  popularityDiscount: 0.3,
  likeHeadWeight: 0.1,
  nopeHeadWeight: 0.1,
};

function memoryBlobs(): BlobStore & { readonly blobs: Map<string, Uint8Array> } {
  const blobs = new Map<string, Uint8Array>();
  return {
    blobs,
    read: async (path) => blobs.get(path),
    write: async (path, bytes) => void blobs.set(path, bytes.slice()),
    list: async (prefix) => [...blobs.keys()].filter((path) => path.startsWith(prefix)).sort(),
    remove: async (prefix) => {
      for (const path of blobs.keys()) if (path.startsWith(prefix)) blobs.delete(path);
    },
  };
}

/** Aborts once `steps` steps are done. */
function stopAfter(steps: number, controller: AbortController): Progress {
  let done = 0;
  return {
    start: () => ({
      ...silentProgress.start(""),
      advance: (units) => {
        done += units;
        if (done >= steps) controller.abort();
      },
    }),
  };
}

describe("createTrainer", () => {
  test.each([
    {},
    { loss: "softmax" },
    {
      loss: "gbce",
      maxCandidates: 10,
      sampledNegatives: 20,
      hardRefreshSteps: 20,
      hardSkip: 2,
      hardDepth: 20,
    },
    { loss: "bce" },
    { loss: "hinge" },
  ] as const)("learns a planted taste, and puts a new item by its content alone: %o", async (how) => {
    const dataset = checkerboard();
    const training = { ...small.training, ...how, epochs: 30, patience: 0 };
    const model = await createTrainer({ runtime }).fit(dataset, { ...small, training, validation: "none" });
    expect(model.curves.at(-1)!.loss).toBeLessThan(model.curves[0]!.loss);
    const towers = await loadTowers(runtime, model);
    const vectors = await towers.embedItems(dataset.items);
    const history = {
      person: dataset.people[0]!,
      events: [0, 3, 6].map((i) => ({ personId: "p0", itemId: `i${i}`, kind: "like" as const, at: 0 })),
      items: new Map(dataset.items.map((item) => [item.id, item])),
    };
    const viewer = await towers.embedHistories([history], { asOf: 1e6 });
    await towers.close();
    const score = (i: number): number =>
      viewer.reduce((sum, x, d) => sum + x * vectors[i * towers.dims + d]!, 0);
    // Items are ranked by colour among the liked ones (0-89), and among those nobody ever liked (90-104).
    for (const range of [
      Array.from({ length: 90 }, (_, i) => i),
      Array.from({ length: 15 }, (_, i) => 90 + i),
    ]) {
      const ranked = range.toSorted((a, b) => score(b) - score(a));
      const best = ranked.slice(0, range.length / 3);
      expect(best.every((i) => i % 3 === 0)).toBe(true);
    }
  });

  test("gives the same model for the same seed, and another for another", async () => {
    const trainer = createTrainer({ runtime });
    const dataset = checkerboard();
    const first = await trainer.fit(dataset, small);
    const second = await trainer.fit(dataset, small);
    const other = await trainer.fit(dataset, { ...small, training: { ...small.training, seed: 43 } });
    expect(second.userOnnx).toEqual(first.userOnnx);
    expect(second.curves).toEqual(first.curves);
    expect(other.userOnnx).not.toEqual(first.userOnnx);
  });

  test.each(["whole tables", "gathered tables", "sampled candidates", "pairs", "all aids"])(
    "stopped anywhere and resumed, gives bit for bit what an uninterrupted run gives: %s",
    async (kind) => {
      const dataset = checkerboard();
      const hard = { hardShare: 0.5, hardRefreshSteps: 4, hardSkip: 2, hardDepth: 5 };
      const training = {
        ...small.training,
        ...(kind === "gathered tables" ? { denseRows: 2 } : {}),
        ...(kind === "sampled candidates"
          ? { maxCandidates: 10, sampledNegatives: 20, maxPositives: 6, ...hard }
          : {}),
        ...(kind === "pairs" ? { loss: "bce" as const, ...hard } : {}),
        ...(kind === "all aids" ? aids : {}),
      };
      const options = { ...small, training };
      const whole = await createTrainer({ runtime }).fit(dataset, options);
      const checkpoints = memoryBlobs();
      for (const steps of [1, 4, 6, 11]) {
        const controller = new AbortController();
        const progress = stopAfter(steps, controller);
        const stopped = createTrainer({ runtime, checkpoints, progress }).fit(dataset, {
          ...options,
          signal: controller.signal,
        });
        await expect(stopped).rejects.toSatisfy(
          (error) => isFutagoError(error) && error.code === "cancelled",
        );
        expect(checkpoints.blobs.size).toBe(1);
      }
      const resumed = await createTrainer({ runtime, checkpoints }).fit(dataset, options);
      expect(resumed.weights).toEqual(whole.weights);
      expect(resumed.userOnnx).toEqual(whole.userOnnx);
      expect(resumed.itemOnnx).toEqual(whole.itemOnnx);
      expect(resumed.curves).toEqual(whole.curves);
      expect(checkpoints.blobs.size).toBe(0);
    },
  );

  test.each(["cosine", "plateau"] as const)(
    "paused and gone on with, gives bit for bit what training without a pause gives: %s",
    async (schedule) => {
      const dataset = checkerboard();
      const options = { ...small, training: { ...small.training, schedule, plateauPatience: 1 } };
      const whole = await createTrainer({ runtime }).fit(dataset, options);
      expect(whole.finished).toBe(true);
      const checkpoints = memoryBlobs();
      // 3 lies between two validations, and 4 twice is what somebody asks who was killed before they wrote the answer down.
      for (const pauseAfter of [1, 3, 4, 4]) {
        const paused = await createTrainer({ runtime, checkpoints }).fit(dataset, { ...options, pauseAfter });
        expect(paused.finished).toBe(false);
        expect(paused.curves).toEqual(whole.curves.filter(({ epoch }) => epoch <= pauseAfter));
        expect(checkpoints.blobs.size).toBe(1);
      }
      const gone = await createTrainer({ runtime, checkpoints }).fit(dataset, { ...options, pauseAfter: 6 });
      expect(gone.finished).toBe(true);
      expect(gone.weights).toEqual(whole.weights);
      expect(gone.curves).toEqual(whole.curves);
      expect(checkpoints.blobs.size).toBe(0);
    },
  );

  test("refuses to pause where no checkpoints are kept", async () => {
    const fit = createTrainer({ runtime }).fit(checkerboard(), { ...small, pauseAfter: 2 });
    await expect(fit).rejects.toThrow("Cannot pause training as");
  });

  test("starts again where the checkpoint is damaged", async () => {
    const dataset = checkerboard();
    const checkpoints = memoryBlobs();
    const controller = new AbortController();
    const progress = stopAfter(5, controller);
    await createTrainer({ runtime, checkpoints, progress })
      .fit(dataset, { ...small, signal: controller.signal })
      .catch(() => {});
    for (const bytes of checkpoints.blobs.values()) bytes[bytes.length - 1]! ^= 1;
    const model = await createTrainer({ runtime, checkpoints }).fit(dataset, small);
    expect(model.steps).toBeGreaterThan(0);
  });

  test("gathered tables take the same first step as whole ones, in every row that the batch touches", async () => {
    const dataset = checkerboard();
    // One step over everybody, all of their history, without a warm-up; averaging off so that the weights themselves
    // come back.
    const training = {
      ...small.training,
      batchUsers: 64,
      stepsPerEpoch: 1,
      epochs: 1,
      averaging: 0,
      warmupSteps: 0,
    };
    const options = { ...small, towers: { ...small.towers, historyDropout: 0 }, validation: "none" as const };
    const whole = await createTrainer({ runtime }).fit(dataset, { ...options, training });
    const gathered = await createTrainer({ runtime }).fit(dataset, {
      ...options,
      training: { ...training, denseRows: 2 },
    });
    expect(whole.steps).toBe(1);
    for (const [name, values] of Object.entries(whole.weights)) {
      // Row 0 stands for unknown values, which no viewer here has: a whole table decays it, a gathered one leaves it.
      const skip = name.endsWith(".table") ? values.length / rowsOf(name, whole) : 0;
      for (let i = skip; i < values.length; i++)
        expect(gathered.weights[name]![i]).toBeCloseTo(values[i]!, 6);
    }
  });

  test("refuses a dataset without likes", async () => {
    const empty = buildDataset({
      items: checkerboard().items,
      people: [{ id: "p", fields: {} }],
      events: [],
    });
    await expect(createTrainer({ runtime }).fit(empty.dataset, small)).rejects.toThrow(
      "at least one person must have liked something",
    );
  });
});

function rowsOf(name: string, model: Awaited<ReturnType<ReturnType<typeof createTrainer>["fit"]>>): number {
  const [side, bag] = name.split(".") as ["item" | "user", string];
  const layout = side === "user" ? model.features.userLayout : model.features.itemLayout;
  return layout.bags.find((candidate) => candidate.name === bag)!.vocabulary;
}
