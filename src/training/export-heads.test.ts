import { describe, expect, test } from "vitest";
import { constant, input } from "../graph/mod.ts";
import { createPortableRuntime, emitOnnx, type Tensor } from "../onnx/mod.ts";
import {
  headChance,
  linearTables,
  packItem,
  packUser,
  resolveTowerConfig,
  servedTasks,
} from "../towers/mod.ts";
import { exportHeads, startHeads } from "./export-heads.ts";
import { headLogits, headParameters } from "./task-heads.ts";

const runtime = createPortableRuntime({ precision: "float64" });
const training = { likeHeadWeight: 1, watchHeadWeight: 0.5, nopeHeadWeight: 2 };

/** Numbers that no pattern hides in, deterministic. */
const wave = (count: number, from: number): number[] =>
  Array.from({ length: count }, (_, i) => 0.6 * Math.sin(1.7 * (i + from)));

const unit = (values: readonly number[]): number[] => values.map((x) => x / Math.hypot(...values));

describe.each([1, 0.5, 0])("heads over served vectors, bias limit %s", (biasLimit) => {
  const towers = resolveTowerConfig({ preset: "lite", dims: 8, biasLimit });
  const weights = Object.fromEntries(
    headParameters(towers, training).map(({ name, shape }, at) => [
      name,
      Float32Array.from(wave(shape[0] * shape[1], 10 * at)),
    ]),
  );
  const served = exportHeads(weights, { towers, training })!;

  test("[HD1] give the logits that training saw", async () => {
    // One viewer, one item with bias c: training reads directions and c, serving the packed vectors alone.
    const user = constant(unit(wave(6, 1)), [1, 6]);
    const direction = constant(unit(wave(6, 5)), [1, 6]);
    const c = 0.3 * biasLimit;
    const bias = biasLimit === 0 ? undefined : constant([c], [1, 1]);
    const slack = bias && constant([Math.sqrt(biasLimit ** 2 - c ** 2)], [1, 1]);
    const at = ["users", "items"].map((name) => input(name, [1], "int32"));
    const parameter = (name: string) =>
      constant([...weights[name]!], headParameters(towers, training).find((one) => one.name === name)!.shape);
    const logits = headLogits(
      { towers, config: training, user, item: { direction, bias }, parameter },
      { users: at[0]!, items: at[1]! },
    );
    const outputs = {
      logits,
      user: packUser(user),
      item: packItem({ direction, bias, slack }, biasLimit),
    };
    const session = await runtime.load(emitOnnx({ name: "logits", inputs: at, outputs }));
    const first: Tensor = { dtype: "int32", shape: [1], data: Int32Array.of(0) };
    const found = await session.run({ users: first, items: first });
    const pair = { user: found["user"]!.data, item: found["item"]!.data };
    expect(servedTasks(served)).toEqual(["like", "watch", "nope"]);
    for (const [column, task] of servedTasks(served).entries()) {
      const wanted = 1 / (1 + Math.exp(-found["logits"]!.data[column]!));
      expect(headChance(served.heads[task]!, pair)).toBeCloseTo(wanted, 6);
    }
  });

  test("[HD2] are where a warm start goes on, task by task", () => {
    const fresh = (on: typeof training) =>
      Object.fromEntries(
        headParameters(towers, on).map(({ name, shape }) => [name, new Float32Array(shape[0] * shape[1])]),
      );
    const all = fresh(training);
    expect(startHeads(all, { heads: served }, { towers, training })).toEqual(["like", "watch", "nope"]);
    for (const [name, values] of Object.entries(weights)) {
      for (const [i, value] of values.entries()) expect(all[name]![i]).toBeCloseTo(value, 5);
    }
    // The parent has no nope head, the child no watch head.
    const parent = exportHeads(
      Object.fromEntries(
        Object.entries(weights).map(([name, values]) => [name, values.filter((_, i) => i % 3 < 2)]),
      ),
      { towers, training: { ...training, nopeHeadWeight: 0 } },
    );
    const on = { ...training, watchHeadWeight: 0 };
    const some = fresh(on);
    expect(startHeads(some, { heads: parent }, { towers, training: on })).toEqual(["like"]);
    expect(some["heads.bias"]![0]).toBeCloseTo(weights["heads.bias"]![0]!, 6);
    expect(some["heads.bias"]![1]).toBe(0);
    // Of other towers nothing fits.
    const wider = resolveTowerConfig({ preset: "lite", dims: 10, biasLimit });
    expect(startHeads(fresh(training), { heads: served }, { towers: wider, training })).toEqual([]);
  });
});

test("[HD1] heads read what was learned of vectors that have a linear part, too", () => {
  const towers = resolveTowerConfig({ preset: "lite", dims: 12, linearDims: 2 });
  const width = 7; // six of direction, one of bias
  const on = { likeHeadWeight: 0, watchHeadWeight: 0, nopeHeadWeight: 1 };
  const weights = {
    "heads.weight": Float32Array.from(wave(width, 3)),
    "heads.bias": Float32Array.of(0.2),
    "heads.log_scale": Float32Array.of(-0.5),
    [linearTables.reach]: Float32Array.of(2),
  };
  const [u, v, c, e, f] = [unit(wave(6, 1)), unit(wave(6, 5)), 0.3, [0.6, 0.8], [0.3, -0.2]];
  // [u, 1, 0, g e, g rest, 0] / √(2 + g²) and [v, c, slack, f, 0, √(¼ − |f|²)] / √(1 + limit² + ¼), limit 1 and g 2.
  const user = [...u, 1, 0, ...e.map((x) => 2 * x), 0, 0].map((x) => x / Math.sqrt(6));
  const slack = [Math.sqrt(1 - c * c), Math.sqrt(0.25 - 0.13)] as const;
  const item = [...v, c, slack[0], ...f, 0, slack[1]].map((x) => x / 1.5);
  expect(Math.hypot(...user)).toBeCloseTo(1, 9);
  expect(Math.hypot(...item)).toBeCloseTo(1, 9);
  // z = e^(g + ln 4) [ Σ (−1 + w) u v + (−1 + w_c) c ] + b
  const products = [...u.map((x, d) => x * v[d]!), c];
  const sum = products.reduce((total, x, d) => total + (weights["heads.weight"][d]! - 1) * x, 0);
  const z = 4 * Math.exp(-0.5) * sum + 0.2;
  const head = exportHeads(weights, { towers, training: on })!.heads.nope!;
  expect(head.weights).toHaveLength(12);
  expect(headChance(head, { user, item })).toBeCloseTo(1 / (1 + Math.exp(-z)), 6);
});

test("no head, no export", () => {
  const off = { likeHeadWeight: 0, watchHeadWeight: 0, nopeHeadWeight: 0 };
  const towers = resolveTowerConfig({ preset: "lite" });
  expect(exportHeads({}, { towers, training: off })).toBeUndefined();
});
