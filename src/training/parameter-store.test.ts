import { describe, expect, test } from "vitest";
import type { BagPlan } from "./bag-plan.ts";
import { ParameterStore } from "./parameter-store.ts";

const layout = { name: "tag", vocabulary: 4, role: "content" } as const;
const parameters = [
  { name: "user.tag.table", shape: [4, 2], spread: 0, decays: true, bag: { side: "user", layout } },
] as const;
const plan = (residency: BagPlan["residency"], rows?: Int32Array): BagPlan => {
  return { side: "user", layout, formulation: "multi_hot", residency, rows };
};
const initial = () => ({ "user.tag.table": Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31) });

/** Stands in for the graph: weights go up by 1, and the average follows with the share 0.5. */
function takeStep(store: ParameterStore, rows: Int32Array | undefined, step: number): void {
  const chosen = new Map(rows === undefined ? [] : [["user.tag.table", rows]]);
  const { inputs, outputs } = store.step(chosen, step);
  const weights = inputs["user.tag.table"]!.data;
  const next = outputs["user.tag.table.next"]!.data;
  for (let i = 0; i < next.length; i++) {
    next[i] = weights[i]! + 1;
    const average = inputs["user.tag.table.average"]!.data[i]!;
    outputs["user.tag.table.average.next"]!.data[i] = next[i]! + 0.5 * (average - next[i]!);
  }
  store.commit(chosen, step);
}

describe("ParameterStore", () => {
  test("gathers the rows of a batch, pads with zeros, and scatters back only what was there", () => {
    const store = new ParameterStore(initial(), { parameters, plans: [plan("batch")], averaging: 0.5 });
    const { inputs } = store.step(new Map([["user.tag.table", Int32Array.of(3, -1, 1)]]), 0);
    expect(inputs["user.tag.table"]).toEqual({
      dtype: "float32",
      shape: [3, 2],
      data: Float32Array.of(30, 31, 0, 0, 10, 11),
    });
    takeStep(store, Int32Array.of(3, -1, 1), 0);
    const weights = store.arrays().find(({ name }) => name === "user.tag.table")!;
    expect([...weights.data]).toEqual([0, 1, 11, 12, 20, 21, 31, 32]);
  });

  test("lets the average of a row that steps left alone catch up", () => {
    const store = new ParameterStore(initial(), { parameters, plans: [plan("batch")], averaging: 0.5 });
    takeStep(store, Int32Array.of(1), 0); // row 1: weights 11, average 10.5
    takeStep(store, Int32Array.of(2), 1); // row 1 idle: 11 - 0.5 · 0.5 = 10.75
    expect(store.averaged()["user.tag.table"]![2]).toBe(10.75);
    takeStep(store, Int32Array.of(1), 2); // 12 + 0.5 (10.75 - 12) = 11.375
    expect(store.averaged()["user.tag.table"]![2]).toBe(11.375);
    expect(store.averaged()["user.tag.table"]![0]).toBe(0);
  });

  test("keeps fixed rows in the graph and shows the whole table", () => {
    const rows = Int32Array.of(2, -1, 0);
    const store = new ParameterStore(initial(), { parameters, plans: [plan("fixed", rows)], averaging: 0.5 });
    takeStep(store, undefined, 0);
    takeStep(store, undefined, 1);
    // Row 2 starts at 20: averages 20.5 and 21.25.
    expect([...store.averaged()["user.tag.table"]!]).toEqual([1.25, 2.25, 10, 11, 21.25, 22.25, 30, 31]);
  });
});
