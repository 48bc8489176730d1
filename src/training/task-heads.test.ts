import { describe, expect, test } from "vitest";
import { buildDataset, type CatalogueEvent } from "../catalogue/mod.ts";
import { constant, gradients, input, type Node, parameter, type Value } from "../graph/mod.ts";
import { createPortableRuntime, emitOnnx, type Tensor } from "../onnx/mod.ts";
import { resolveTowerConfig } from "../towers/mod.ts";
import { expectCentralDifferences } from "./central-differences.conformance.ts";
import { EncounterFeeder, readEncounters } from "./encounters.ts";
import { headInputs, headLogits, headLoss, headParameters } from "./task-heads.ts";

const runtime = createPortableRuntime({ precision: "float64" });
const towers = resolveTowerConfig({ preset: "lite", dims: 8 });
const config = { likeHeadWeight: 1, watchHeadWeight: 0.5, nopeHeadWeight: 2 };

/** Numbers that no pattern hides in, deterministic. */
const wave = (count: number, from: number): number[] =>
  Array.from({ length: count }, (_, i) => 0.6 * Math.sin(1.7 * (i + from)));

describe("headLoss", () => {
  test("its gradient agrees with central differences in vectors, bias and all it learns", async () => {
    const shapes: Record<string, readonly [number, number]> = {
      user: [2, 6],
      direction: [3, 6],
      bias: [3, 1],
      ...Object.fromEntries(headParameters(towers, config).map(({ name, shape }) => [name, shape])),
    };
    const data = Object.fromEntries(
      Object.entries(shapes).map(([name, [rows, columns]], at) => [
        name,
        Float32Array.from(wave(rows * columns, 10 * at)),
      ]),
    );
    const parameters = Object.entries(shapes).map(([name, shape]) => parameter(name, shape));
    const parts = Object.fromEntries(parameters.map((p: Node<"parameter">) => [p.name, p]));
    const found = headLoss({
      towers,
      config,
      user: parts["user"]!,
      item: { direction: parts["direction"]!, bias: parts["bias"] },
      parameter: (name) => parts[name]!,
    })!;
    const slopes = gradients(found.loss, parameters).map((gradient, at) => [
      `d ${parameters[at]!.name}`,
      gradient,
    ]);
    const session = await runtime.load(
      emitOnnx({
        name: "check",
        inputs: [...found.inputs],
        outputs: { total: found.loss, ...(Object.fromEntries(slopes) as Record<string, Value>) },
      }),
    );
    // A pair twice, and of some labels nothing known.
    const fed: Record<string, Tensor> = {
      [headInputs.users]: { dtype: "int32", shape: [4], data: Int32Array.of(0, 1, 1, 0) },
      [headInputs.items]: { dtype: "int32", shape: [4], data: Int32Array.of(2, 0, 1, 2) },
      [headInputs.labels]: {
        dtype: "float32",
        shape: [4, 3],
        data: Float32Array.of(1, 0.4, 0, 0, 0, 1, 0, 0.9, 0, 1, 0, 0),
      },
      [headInputs.weights]: {
        dtype: "float32",
        shape: [4, 3],
        data: Float32Array.of(1, 0.5, 2, 1, 0, 2, 1, 0.5, 2, 1, 0, 2),
      },
    };
    const values = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => [name, { shape, data: data[name]! }]),
    );
    await expectCentralDifferences({ session, values, fed });
  });

  test("starts as the score itself, a refusal as its opposite", async () => {
    const inputs = [headInputs.users, headInputs.items].map((name) => input(name, [1], "int32"));
    const zeros = new Map(
      headParameters(towers, config).map(({ name, shape }) => [
        name,
        constant(new Array(shape[0] * shape[1]).fill(0), shape),
      ]),
    );
    const logits = headLogits(
      {
        towers,
        config,
        user: constant([1, 0, 0, 0, 0, 0], [1, 6]),
        item: { direction: constant([0.5, 0.1, 0, 0, 0, 0], [1, 6]), bias: constant([0.25], [1, 1]) },
        parameter: (name) => zeros.get(name)!,
      },
      {
        users: inputs[0]!,
        items: inputs[1]!,
      },
    );
    const session = await runtime.load(emitOnnx({ name: "logits", inputs, outputs: { logits } }));
    const first: Tensor = { dtype: "int32", shape: [1], data: Int32Array.of(0) };
    const z = (await session.run({ [headInputs.users]: first, [headInputs.items]: first }))["logits"]!;
    // 4 · (0.5 + 0.25) = 3 for like and watch, -3 for nope.
    for (const [at, wanted] of [3, 3, -3].entries()) {
      expect(z.data[at]).toBeCloseTo(wanted, 6);
    }
  });

  test("is nothing where no head is on", () => {
    const off = { likeHeadWeight: 0, watchHeadWeight: 0, nopeHeadWeight: 0 };
    expect(headParameters(towers, off)).toEqual([]);
    const nothing = constant([0], [1, 1]);
    const sources = {
      user: nothing,
      item: { direction: nothing, bias: undefined },
      parameter: () => nothing,
    };
    expect(headLoss({ towers, config: off, ...sources })).toBeUndefined();
  });
});

describe("readEncounters", () => {
  const event = (itemId: string, kind: CatalogueEvent["kind"], at: number, watchFraction?: number) => {
    return { personId: "p", itemId, kind, at, ...(watchFraction === undefined ? {} : { watchFraction }) };
  };
  const { dataset } = buildDataset({
    items: ["a", "b", "c", "d"].map((id) => ({ id, title: "", fields: {} })),
    people: [
      { id: "o", fields: {} },
      { id: "p", fields: {} },
    ],
    events: [
      event("d", "view", 1),
      event("a", "like", 1),
      event("a", "nope", 2),
      event("b", "view", 1, 0.25),
      event("b", "view", 2, 0.75),
      event("b", "view", 3, 0.5),
      event("b", "like", 4),
    ],
  });
  const encounters = readEncounters(dataset);

  test("keeps the latest decision and the longest view, and says what is not known", () => {
    expect([...encounters.offsets]).toEqual([0, 0, 3]);
    expect([...encounters.item]).toEqual([0, 1, 3]);
    expect([...encounters.labels.like]).toEqual([0, 1, 0]);
    expect([...encounters.labels.watch]).toEqual([Number.NaN, 0.75, Number.NaN]);
    expect([...encounters.labels.nope]).toEqual([1, 0, 0]);
  });

  test("feeds what viewers met of the candidates, each task with its weight, and fills up with nothing", () => {
    const feeder = new EncounterFeeder(encounters, { config, items: 4 });
    const fed = feeder.feed(Int32Array.of(1, 0), Int32Array.of(1, 3));
    expect(fed[headInputs.users]!.shape).toEqual([512]);
    expect([...fed[headInputs.items]!.data.slice(0, 3)]).toEqual([0, 1, 0]);
    expect([...fed[headInputs.labels]!.data.slice(0, 6)]).toEqual([1, 0.75, 0, 0, 0, 0]);
    // Of "d" nobody knows how much was watched; from the third pair on there is none.
    expect([...fed[headInputs.weights]!.data.slice(0, 9)]).toEqual([1, 0.5, 2, 1, 0, 2, 0, 0, 0]);
  });
});
