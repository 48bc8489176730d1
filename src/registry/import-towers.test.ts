import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { testNow, tinyCatalogue } from "../../tests/tiny-model.ts";
import { tinyWorld } from "../../tests/tiny-world.ts";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createOrtWebRuntime } from "../adapters/ort-web/mod.ts";
import { buildDataset, type Item, type PersonHistory } from "../catalogue/mod.ts";
import { fitFeatures } from "../features/mod.ts";
import { createPortableRuntime, encodeOnnx, type OnnxModel, parseOnnx } from "../onnx/mod.ts";
import { loadTowers } from "../towers/mod.ts";
import { readBundle } from "./bundle.ts";
import { canExportTfjs, exportTfjs } from "./export-tfjs.ts";
import type { ImportConfigInput } from "./import-config.ts";
import { type ForeignTowers, importTowers } from "./import-towers.ts";

/** What PyTorch or Keras wrote, as `write_towers.py` of that folder says. */
interface Expected {
  readonly items: readonly {
    readonly id: string;
    readonly genres: readonly string[];
    readonly maker?: string;
    readonly price: number | null;
    readonly durationMinutes?: number;
  }[];
  readonly likes: readonly (readonly string[])[];
  readonly itemVectors: readonly (readonly number[])[];
  readonly userVectors: readonly (readonly number[])[];
}

const fixtures = `${import.meta.dirname}/../../tests/fixtures/`;
const json = (path: string): unknown => JSON.parse(readFileSync(fixtures + path, "utf8"));
const { dataset } = buildDataset(tinyCatalogue());
const runtime = await createOrtRuntime({ threads: 1 });

function fixture(name: "pytorch" | "keras") {
  const config = json(`${name}/import.json`) as ImportConfigInput;
  const schema = json("schema.json") as Parameters<typeof fitFeatures>[0];
  const towers: ForeignTowers = {
    userOnnx: new Uint8Array(readFileSync(`${fixtures}${name}/user.onnx`)),
    itemOnnx: new Uint8Array(readFileSync(`${fixtures}${name}/item.onnx`)),
  };
  const features = fitFeatures(schema, dataset);
  const options = { features, config, items: dataset.items, runtime, asOf: testNow };
  return { towers, options, expected: json(`${name}/expected.json`) as Expected };
}

function asItems({ items }: Expected): Item[] {
  return items.map(({ id, price, ...fields }) => ({
    id,
    title: id,
    fields: price === null ? fields : { ...fields, price },
  }));
}

function asHistories({ likes }: Expected): PersonHistory[] {
  const items = new Map(dataset.items.map((item) => [item.id, item]));
  return likes.map((liked, person) => ({
    person: { id: `p${person}`, fields: {} },
    events: liked.map((itemId, e) => ({
      personId: `p${person}`,
      itemId,
      kind: "like",
      at: testNow - (9 - e) * 3_600_000,
    })),
    items,
  }));
}

const rowsOf = (values: Float32Array, width: number): number[][] =>
  Array.from({ length: values.length / width }, (_, row) => [
    ...values.subarray(row * width, (row + 1) * width),
  ]);

function expectClose(actual: readonly (readonly number[])[], expected: readonly (readonly number[])[]): void {
  expect(actual).toHaveLength(expected.length);
  for (const [row, vector] of expected.entries()) {
    for (const [d, x] of vector.entries()) expect(Math.abs(actual[row]![d]! - x)).toBeLessThanOrEqual(1e-5);
  }
}

describe("importTowers", () => {
  test.each([
    ["onnxruntime-node", async () => runtime],
    ["portable", async () => createPortableRuntime()],
    ["onnxruntime-web", createOrtWebRuntime],
  ])("towers from PyTorch give through our features what PyTorch gives, on %s", async (_, make) => {
    const { towers, options, expected } = fixture("pytorch");
    const { model, dims, parity } = await importTowers(towers, options);
    expect(dims).toBe(12);
    expect(parity).toBeLessThanOrEqual(1e-5);
    const loaded = await loadTowers(await make(), model);
    expectClose(rowsOf(await loaded.embedItems(asItems(expected)), 12), expected.itemVectors);
    const users = await loaded.embedHistories(asHistories(expected), { asOf: testNow });
    expectClose(rowsOf(users, 12), expected.userVectors);
    await loaded.close();
  });

  test("towers from Keras that rank by the inner product give unit vectors that rank alike", async () => {
    const { towers, options, expected } = fixture("keras");
    const { model, dims, itemLengths } = await importTowers(towers, options);
    // One more dimension takes up what an item's vector lacks in length.
    expect(dims).toBe(11);
    const loaded = await loadTowers(createPortableRuntime(), model);
    const items = rowsOf(await loaded.embedItems(asItems(expected)), dims);
    const users = rowsOf(await loaded.embedHistories(asHistories(expected), { asOf: testNow }), dims);
    await loaded.close();
    // The first viewer has no history, for which these towers give zeros; such a viewer is answered by popularity.
    for (const vector of [...items, ...users.slice(1)]) expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    const limit = itemLengths.most * 1.05;
    expectClose(
      items.map((vector) => vector.slice(0, 10).map((x) => x * limit)),
      expected.itemVectors,
    );
    const dot = (a: readonly number[], b: readonly number[]): number =>
      a.reduce((sum, x, d) => sum + x * (b[d] ?? 0), 0);
    for (const [u, user] of users.entries()) {
      const raw = expected.userVectors[u]!;
      const length = Math.hypot(...raw);
      for (const [i, item] of items.entries())
        expect(dot(user, item) * limit * length).toBeCloseTo(dot(raw, expected.itemVectors[i]!), 4);
    }
  });

  test("what was imported is registered, promoted, embedded and rolled back like our own", async () => {
    const { deployer, deploy, blobs, versions, vectors } = tinyWorld();
    const own = await deploy(1);
    const { towers, options } = fixture("pytorch");
    const { model } = await importTowers(towers, options);
    const { version } = await deployer.register(model, { dataset, description: "from PyTorch" });
    expect((await deployer.promote(version)).preset).toBe("imported");
    expect((await vectors.itemHashes(version)).size).toBe(60);
    const { parity } = await deployer.verify(version);
    expect(parity).toBeLessThanOrEqual(1e-5);
    const bundle = await readBundle(blobs, version);
    expect(bundle.fallback.itemIds.length).toBeGreaterThan(0);
    expect(canExportTfjs(bundle)).toBe(false);
    expect(() => exportTfjs(bundle)).toThrow("Futago must have trained its towers");
    expect((await deployer.rollBack()).version).toBe(own);
    expect((await versions.active())?.version).toBe(own);
  });

  test("the same towers with another vocabulary are another version", async () => {
    const { deployer } = tinyWorld();
    const { towers, options } = fixture("pytorch");
    const register = async (words: readonly string[]): Promise<string> => {
      const states = { item: { ...options.config.states?.item, genre: { words } } };
      const { model } = await importTowers(towers, { ...options, config: { ...options.config, states } });
      return (await deployer.register(model, { dataset })).version;
    };
    const first = await register(["kitchen", "harbour", "forest"]);
    expect(await register(["kitchen", "harbour", "forest"])).toBe(first);
    expect(await register(["forest", "harbour", "kitchen"])).not.toBe(first);
  });

  test("towers over our own inputs need no description", async () => {
    const { deploy, blobs } = tinyWorld();
    const bundle = await readBundle(blobs, await deploy(1));
    const { model, dims } = await importTowers(bundle, {
      features: bundle.features,
      items: dataset.items,
      runtime,
      asOf: testNow,
    });
    expect(dims).toBe(16);
    const [before, after] = await Promise.all(
      [bundle, model].map(async (files) => {
        const towers = await loadTowers(createPortableRuntime(), files);
        const vectors = await towers.embedItems(dataset.items);
        await towers.close();
        return rowsOf(vectors, 16);
      }),
    );
    expectClose(after!, before!);
  });
});

describe("importTowers refuses", () => {
  const { towers, options } = fixture("pytorch");
  const item = parseOnnx(towers.itemOnnx);
  const changed = (change: Partial<OnnxModel>): ForeignTowers => ({
    ...towers,
    itemOnnx: encodeOnnx({ ...item, ...change }),
  });
  const refusal = (given: ForeignTowers, changes: Partial<typeof options> = {}): Promise<Error> =>
    importTowers(given, { ...options, ...changes }).then(
      () => Promise.reject(new Error("It was imported")),
      (error: Error) => error,
    );
  const withItemInputs = (inputs: object): Partial<typeof options> => ({
    config: { ...options.config, item: { inputs } } as ImportConfigInput,
  });

  test("bytes that are no model", async () => {
    const error = await refusal({ ...towers, userOnnx: new Uint8Array(10).fill(255) });
    expect(error).toMatchObject({ code: "bundle_corrupt" });
  });

  test("operations that the portable executor lacks, all of them by the names of their nodes", async () => {
    const nodes = item.nodes.map((node, place) =>
      place < 2 ? { ...node, name: `node ${place}`, opType: `Odd${place}` } : node,
    );
    const error = await refusal(changed({ nodes }));
    expect(error).toMatchObject({ code: "model_unsupported" });
    expect(error.message).toContain('"node 0" (Odd0), "node 1" (Odd1)');
  });

  test("an operator set that is too old", async () => {
    expect((await refusal(changed({ opsets: { "": 11 } }))).message).toContain("opset_version=18");
  });

  test("an input that nothing describes", async () => {
    const numbers = { kind: "dense", features: ["price", "duration"] };
    const error = await refusal(towers, withItemInputs({ numbers }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain('"genres"');
  });

  test("a description of an input that is not there", async () => {
    const inputs = { ...options.config.item?.inputs, colour: { kind: "dense" } };
    expect((await refusal(towers, withItemInputs(inputs))).message).toContain('current value is "colour"');
  });

  test("a width that is not that of the features", async () => {
    const inputs = { ...options.config.item?.inputs, numbers: { kind: "dense", features: ["price"] } };
    const error = await refusal(towers, withItemInputs(inputs));
    expect(error.message).toBe(
      'Cannot import the item tower as its input "numbers" must be float32 [rows, 2] for price: current value is float32 [batch,4]',
    );
  });

  test("an unknown feature", async () => {
    const inputs = { ...options.config.item?.inputs, genres: { kind: "ids", feature: "colour" } };
    expect((await refusal(towers, withItemInputs(inputs))).message).toContain('current value is "colour"');
  });

  test("a fixed number of rows", async () => {
    const inputs = item.inputs.map((input) => ({ ...input, shape: [1, ...input.shape.slice(1)] }));
    expect((await refusal(changed({ inputs }))).message).toContain("export it with a dynamic first axis");
  });

  test("towers whose vectors differ in width", async () => {
    const error = await refusal(
      { ...towers, itemOnnx: fixture("keras").towers.itemOnnx },
      {
        config: { ...options.config, item: fixture("keras").options.config.item } as ImportConfigInput,
      },
    );
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toContain("12 and 10");
  });

  test("vectors that are not finite", async () => {
    const nodes = item.nodes.map((node) => (node.opType === "Relu" ? { ...node, opType: "Log" } : node));
    const error = await refusal(changed({ nodes }));
    expect(error).toMatchObject({ code: "model_unsupported" });
    expect(error.message).toContain("item tower as its vectors must be finite");
  });

  test("rows that depend on the others of their batch", async () => {
    const first = item.nodes.findIndex(({ opType }) => opType === "Relu");
    const mean = {
      opType: "ReduceMean",
      domain: "",
      inputs: [item.nodes[first]!.inputs[0]!],
      outputs: ["mean"],
      attributes: { axes: { kind: "ints", value: [0] } },
    } as const;
    const nodes = item.nodes.toSpliced(first, 1, mean, {
      ...item.nodes[first]!,
      opType: "Sub",
      inputs: [item.nodes[first]!.inputs[0]!, "mean"],
    });
    expect((await refusal(changed({ nodes }))).message).toContain("must not depend on the others");
  });

  test("states of features that are none, or of another form", async () => {
    const withState = (item: object): Partial<typeof options> => ({
      config: { ...options.config, states: { item } } as ImportConfigInput,
    });
    expect((await refusal(towers, withState({ colour: { words: [] } }))).message).toContain(
      'Cannot replace the state of "colour"',
    );
    expect(await refusal(towers, withState({ genre: { words: 5 } }))).toMatchObject({
      code: "bundle_corrupt",
    });
    expect(await refusal(towers, withState({ genre: null }))).toMatchObject({ code: "bundle_corrupt" });
  });

  test("a description that is none", async () => {
    const config = { kind: "tower-import", user: { inputs: { taste: { kind: "picture" } } } };
    const error = await refusal(towers, { config: config as unknown as ImportConfigInput });
    expect(error).toBeInstanceOf(TypeError);
    expect(error.message).toContain("user.inputs.taste");
  });
});
