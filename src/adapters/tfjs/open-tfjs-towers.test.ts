import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../base/mod.ts";
import type { EncodedRows, RowLayout } from "../../features/mod.ts";
import { createPortableRuntime } from "../../onnx/mod.ts";
import { exportTfjs } from "../../registry/mod.ts";
import {
  exportTower,
  initialWeights,
  linearTables,
  resolveTowerConfig,
  servingInputs,
  type TowerOptions,
  towerParameters,
} from "../../towers/mod.ts";
import { importTensorFlow, openTfjsTowers } from "./mod.ts";

const dense = { denseWidth: 3, dense: [{ name: "numbers", offset: 0, width: 3 }] };
const userLayout: RowLayout = {
  ...dense,
  bags: [
    { name: "history", vocabulary: 9, role: "history" },
    { name: "nopes", vocabulary: 9, role: "history" },
    { name: "genre", vocabulary: 4, role: "content" },
  ],
};
const itemLayout: RowLayout = {
  ...dense,
  bags: [
    { name: "id", vocabulary: 9, role: "id" },
    { name: "genre", vocabulary: 4, role: "content" },
  ],
};
const noDense = { denseWidth: 0, dense: [] };

function someRows(count: number, layout: RowLayout): EncodedRows {
  const random = createRandom(4);
  const bags = layout.bags.map(({ name, vocabulary, role }) => {
    const offsets = new Int32Array(count + 1);
    const indices: number[] = [];
    // The first row has nothing in any bag.
    for (let row = 1; row < count; row++) {
      for (let n = random.integer(role === "id" ? 2 : 6); n > 0; n--)
        indices.push(random.integer(vocabulary));
      offsets[row + 1] = indices.length;
    }
    const weights = Float32Array.from(indices, () => (role === "id" ? 1 : random.normal()));
    return [name, { offsets, indices: Int32Array.from(indices), weights }] as const;
  });
  const numbers = Float32Array.from({ length: count * layout.denseWidth }, () => 2 * random.normal());
  return { rows: count, dense: numbers, bags: Object.fromEntries(bags) };
}

const cases: readonly [string, TowerOptions, { user: RowLayout; item: RowLayout }][] = [
  ["gelu, one hidden layer", { hidden: [7] }, { user: userLayout, item: itemLayout }],
  [
    "relu, narrow tables, tanh output, layers over content",
    {
      activation: "relu",
      historyDims: 5,
      idDims: 4,
      outputActivation: "tanh",
      hidden: [7, 6],
      itemHidden: [5],
    },
    { user: userLayout, item: itemLayout },
  ],
  ["linear, without bias", { hidden: [], biasLimit: 0 }, { user: userLayout, item: itemLayout }],
  ["with a linear part", { linearDims: 3 }, { user: userLayout, item: itemLayout }],
  [
    "ids alone, a wide bias",
    { activation: "tanh", biasLimit: 3 },
    {
      user: { ...noDense, bags: userLayout.bags.slice(0, 1) },
      item: { ...noDense, bags: itemLayout.bags.slice(0, 1) },
    },
  ],
  ["dense columns alone", { hidden: [4] }, { user: { ...dense, bags: [] }, item: { ...dense, bags: [] } }],
];

describe("exportTfjs", () => {
  test.each(cases)(
    "gives towers that answer in TensorFlow.js as the ONNX models do: %s",
    async (_, options, layouts) => {
      const config = resolveTowerConfig({ preset: "lite", dims: 12, ...options });
      const parameters = towerParameters(config, layouts);
      const random = createRandom(1);
      const weights = initialWeights(config, { parameters, random });
      // Biases start as zeros; here everything counts, up to item biases at their limit.
      for (const array of Object.values(weights))
        for (let i = 0; i < array.length; i++) array[i]! += random.normal();
      weights[linearTables.reach]?.fill(5);
      weights[linearTables.doubt]?.fill(3);
      weights[linearTables.item]?.forEach((x, i, all) => {
        all[i] = x / 10;
      });
      weights[linearTables.evidence]?.fill(2);
      const onnx = {
        user: exportTower("user", { config, layouts, weights }),
        item: exportTower("item", { config, layouts, weights }),
      };
      const files = exportTfjs({
        manifest: { version: "v", training: { towers: config } } as never,
        features: { userLayout: layouts.user, itemLayout: layouts.item } as never,
        userOnnx: onnx.user,
        itemOnnx: onnx.item,
      });
      const sessions = await openTfjsTowers(await importTensorFlow(), files);
      for (const side of ["user", "item"] as const) {
        const layout = layouts[side];
        const rows = Int32Array.from(Array(40).keys());
        const inputs = servingInputs(someRows(40, layout), { layout, rows });
        const session = await createPortableRuntime().load(onnx[side]);
        expect([...sessions[side].inputNames]).toEqual([...session.inputNames]);
        const { embedding: expected } = await session.run(inputs);
        const { embedding: actual } = await sessions[side].run(inputs);
        expect(actual!.shape).toEqual([40, 12]);
        let largest = 0;
        for (const [i, x] of expected!.data.entries())
          largest = Math.max(largest, Math.abs(actual!.data[i]! - x));
        expect(largest).toBeLessThan(5e-6);
        await sessions[side].close();
      }
    },
  );

  test("loads by its address alone, weights of several files among them", async () => {
    const layouts = {
      user: { ...noDense, bags: [{ name: "history", vocabulary: 20_000, role: "history" }] },
      item: { ...noDense, bags: itemLayout.bags },
    } as const;
    const config = resolveTowerConfig({ preset: "lite" });
    const parameters = towerParameters(config, layouts);
    const weights = initialWeights(config, { parameters, random: createRandom(1) });
    const userOnnx = exportTower("user", { config, layouts, weights });
    const files = exportTfjs({
      manifest: { version: "v", training: { towers: config } } as never,
      features: { userLayout: layouts.user, itemLayout: layouts.item } as never,
      userOnnx,
      itemOnnx: exportTower("item", { config, layouts, weights }),
    });
    // 20,000 rows of 62 numbers are more than the 4 MB that one file holds.
    expect(Object.keys(files)).toContain("user_tower/group1-shard2of2.bin");
    const server = createServer(({ url }, response) => response.end(files[url!.slice(1)]));
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const { port } = server.address() as AddressInfo;
    try {
      await importTensorFlow();
      const { io, tensor2d } = await import("@tensorflow/tfjs-core");
      const { loadLayersModel } = await import("@tensorflow/tfjs-layers");
      const model = await loadLayersModel(
        io.http(`http://127.0.0.1:${port}/user_tower/model.json`, { fetchFunc: fetch }),
      );
      const rows = [tensor2d([[7, 19_999]], [1, 2], "int32"), tensor2d([[0.5, 2]])];
      const embedding = await (model.predict(rows) as ReturnType<typeof tensor2d>).data();
      const session = await createPortableRuntime().load(userOnnx);
      const { embedding: expected } = await session.run({
        history_indices: { dtype: "int32", shape: [1, 2], data: Int32Array.of(7, 19_999) },
        history_weights: { dtype: "float32", shape: [1, 2], data: Float32Array.of(0.5, 2) },
      });
      for (const [i, x] of expected!.data.entries()) expect(embedding[i]).toBeCloseTo(x, 5);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
