import { describe, expect, test } from "vitest";
import { buildDataset } from "../catalogue/mod.ts";
import { fitFeatures, parseFeatureSchema } from "../features/mod.ts";
import { estimateTrainingBytes } from "./trial-memory.ts";

const megabyte = 2 ** 20;

/** A catalogue, its viewers and as many likes of each. */
function data({ items, people, events }: { items: number; people: number; events: number }) {
  const { dataset } = buildDataset({
    items: Array.from({ length: items }, (_, i) => ({
      id: `i${i}`,
      title: "",
      fields: { genres: [`g${i % 20}`] },
    })),
    people: Array.from({ length: people }, (_, p) => ({ id: `p${p}`, fields: {} })),
    events: Array.from({ length: people * events }, (_, e) => {
      const person = e % people;
      // 13 divides no size of a catalogue here, so that nobody likes an item twice.
      const item = (person * 7 + Math.floor(e / people) * 13) % items;
      return { personId: `p${person}`, itemId: `i${item}`, kind: "like" as const, at: e * 60_000 };
    }),
  });
  const schema = parseFeatureSchema({
    kind: "feature-schema",
    name: "measured",
    version: 1,
    item: [
      { kind: "id", name: "id" },
      { kind: "bag", name: "genre", field: "genres" },
    ],
    user: [{ kind: "sequence", name: "sequence", length: events }],
  });
  return { dataset, features: fitFeatures(schema, dataset) };
}

function settings(width: number, blocks: number, batchUsers: number) {
  const sequence = { width, blocks, heads: 1, feedForward: 2 * width, dropout: 0.2 };
  return { towers: { preset: "sequence-lite", sequence }, training: { batchUsers } } as const;
}

describe("what a training of a sequence takes", () => {
  // Measured: by how much VmHWM of a process rose above VmRSS before `fit` of one epoch, one thread, ONNX Runtime 1.30. A
  // session's own 96 MB hold much of a small one.
  test.each([
    ["16 windows of 51 steps", data({ items: 500, people: 32, events: 50 }), settings(32, 1, 16), 29],
    ["64 windows of 101 steps", data({ items: 1000, people: 128, events: 100 }), settings(64, 2, 64), 96],
    ["64 windows of 201 steps", data({ items: 4000, people: 128, events: 200 }), settings(128, 2, 64), 275],
  ])("is not above what is reckoned, nor much below: %s", (_, trained, own, measured) => {
    const reckoned = estimateTrainingBytes(own, trained) / megabyte;
    expect(reckoned).toBeGreaterThan(measured);
    expect(reckoned - 96).toBeLessThan(1.5 * measured);
  });

  test("of pooled towers counts the matrices of a linear part", () => {
    const { dataset } = data({ items: 4000, people: 8, events: 10 });
    const schema = parseFeatureSchema({
      kind: "feature-schema",
      name: "pooled",
      version: 1,
      item: [{ kind: "id", name: "id" }],
      user: [{ kind: "history", name: "history" }],
    });
    const trained = { dataset, features: fitFeatures(schema, dataset) };
    const bytes = (linearDims: number) =>
      estimateTrainingBytes({ towers: { preset: "lite", linearDims }, training: {} }, trained);
    // 4 matrices of 4,000 × 4,000.
    expect(bytes(16)).toBeGreaterThan(4 * 4 * 4000 ** 2);
    expect(bytes(0)).toBeLessThan(4 * 4 * 4000 ** 2);
  });

  test("grows with what its blocks hold, and no further than the longest history", () => {
    const trained = data({ items: 500, people: 32, events: 50 });
    const bytes = (width: number, blocks: number, batchUsers: number) =>
      estimateTrainingBytes(settings(width, blocks, batchUsers), trained);
    expect(bytes(32, 2, 16)).toBeGreaterThan(bytes(32, 1, 16));
    expect(bytes(64, 1, 16)).toBeGreaterThan(bytes(32, 1, 16));
    expect(bytes(32, 1, 32)).toBeGreaterThan(bytes(32, 1, 16));
    // There are 32 windows and no more.
    expect(bytes(32, 1, 64)).toBe(bytes(32, 1, 32));
  });
});
