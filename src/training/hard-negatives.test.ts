import { expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { buildDataset } from "../catalogue/mod.ts";
import { parseFeatureSchema } from "../features/mod.ts";
import { countNeighbours } from "./hard-negatives.ts";
import { createTrainer } from "./trainer.ts";

test("counts the ranks after the nearest ones, without what the viewer took and what may not be drawn", () => {
  // Viewer 1 took items 0 and 3; item 5 is no candidate. What is left by score: 6 (.8), 1 (.7), 4 (.5), 2 (.2), 7 (.1).
  // Viewer 0 took item 6; what is left: 7 (.9), 4 (.6), 3 (.5), 2 (.4), 1 (.3), 0 (.2).
  const positives = {
    offsets: Int32Array.of(0, 1, 3),
    indices: Int32Array.of(6, 0, 3),
    weights: new Float32Array(3).fill(1),
  };
  const of1 = [0.9, 0.7, 0.2, 0.6, 0.5, 1, 0.8, 0.1];
  const of0 = [0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
  const into = new Float32Array(8);
  countNeighbours(Float32Array.from([...of1, ...of0]), {
    viewers: Int32Array.of(1, 0),
    positives,
    eligible: Uint8Array.of(1, 1, 1, 1, 1, 0, 1, 1),
    training: { hardSkip: 2, hardDepth: 2 },
    into,
  });
  // Viewer 1: ranks 3 and 4 are items 4 and 2. Viewer 0: items 3 and 2.
  expect([...into]).toEqual([0, 0, 2, 1, 1, 0, 0, 0]);
});

test("counts nothing twice where fewer items are left than ranks", () => {
  const into = new Float32Array(3);
  countNeighbours(Float32Array.of(0.3, 0.2, 0.1), {
    viewers: Int32Array.of(0),
    positives: { offsets: Int32Array.of(0, 1), indices: Int32Array.of(0), weights: Float32Array.of(1) },
    eligible: Uint8Array.of(1, 1, 1),
    training: { hardSkip: 1, hardDepth: 10 },
    into,
  });
  expect([...into]).toEqual([0, 0, 1]);
});

test("are looked for as often as told, and not where none are drawn", async () => {
  // 40 viewers in a ring of 40 items, each of whom likes the five from their own on.
  const { dataset } = buildDataset({
    items: Array.from({ length: 40 }, (_, i) => ({ id: `i${i}`, title: "", fields: {} })),
    people: Array.from({ length: 40 }, (_, p) => ({ id: `p${p}`, fields: {} })),
    events: Array.from({ length: 200 }, (_, e) => ({
      personId: `p${Math.floor(e / 5)}`,
      itemId: `i${(Math.floor(e / 5) + (e % 5)) % 40}`,
      kind: "like" as const,
      at: e,
    })),
  });
  const schema = parseFeatureSchema({
    kind: "feature-schema",
    name: "ring",
    version: 1,
    item: [{ kind: "id", name: "id" }],
    user: [{ kind: "history", name: "history" }],
  });
  const runtime = await createOrtRuntime({ threads: 1 });
  const trained = async (hardShare: number, hardRefreshSteps: number) => {
    const model = await createTrainer({ runtime }).fit(dataset, {
      schema,
      towers: { preset: "lite", dims: 10, hidden: [] },
      training: {
        ...{ hardShare, hardRefreshSteps, hardSkip: 1, hardDepth: 3 },
        ...{ maxCandidates: 1, sampledNegatives: 4, maxPositives: 1, epochs: 2, learningRate: 0.05 },
      },
      validation: "none",
    });
    return model.weights;
  };
  expect(await trained(0.5, 2)).not.toEqual(await trained(0.5, 1000));
  expect(await trained(0.5, 2)).toEqual(await trained(0.5, 2));
  expect(await trained(0, 2)).toEqual(await trained(0, 1000));
});
