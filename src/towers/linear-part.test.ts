import { describe, expect, test } from "vitest";
import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { createRandom } from "../base/mod.ts";
import type { EncodedRows, RowLayout } from "../features/mod.ts";
import { createPortableRuntime } from "../onnx/mod.ts";
import { initialWeights } from "./initial-weights.ts";
import { directionDims, learnedTowers, linearBags, linearTables, packedLength } from "./linear-part.ts";
import { servingInputs } from "./padded-bags.ts";
import { exportTower } from "./serving-graph.ts";
import { resolveTowerConfig } from "./tower-config.ts";
import { type TowerSide, towerParameters } from "./tower-parameters.ts";

const user: RowLayout = {
  denseWidth: 0,
  dense: [],
  bags: [
    { name: "nopes", vocabulary: 4, role: "history", refused: true },
    { name: "likes", vocabulary: 4, role: "history" },
  ],
};
const item: RowLayout = {
  denseWidth: 0,
  dense: [],
  bags: [
    { name: "id", vocabulary: 4, role: "id" },
    { name: "genre", vocabulary: 2, role: "content" },
  ],
};
const layouts = { user, item };
const config = resolveTowerConfig({ preset: "lite", dims: 15, linearDims: 2, hidden: [] }, layouts);
const reach = 0.75;
const doubt = 1.5;
// A bias that starts at 0 would leave nobody without a direction.
const bias = { "user.output.bias": new Float32Array(8).fill(0.1) };
const weights = {
  ...initialWeights(config, { parameters: towerParameters(config, layouts), random: createRandom(1) }),
  ...bias,
  [linearTables.user]: Float32Array.of(0, 0, 1, 3, 0, 1, 0, 4, 1, 0, 0, 1),
  [linearTables.evidence]: Float32Array.of(5),
  [linearTables.item]: Float32Array.of(0, 0, 0.3, 0.2, -0.4, 0, 0, 0.45),
  [linearTables.reach]: Float32Array.of(reach),
  [linearTables.doubt]: Float32Array.of(doubt),
};

const rows = (bags: EncodedRows["bags"], count: number): EncodedRows => ({
  rows: count,
  dense: new Float32Array(0),
  bags,
});
const bag = (entries: readonly (readonly number[])[]) => ({
  offsets: Int32Array.from([0, ...entries.map((_, row) => entries.slice(0, row + 1).flat().length)]),
  indices: Int32Array.from(entries.flat()),
  weights: Float32Array.from(entries.flatMap((row) => row.map(() => 1 / Math.sqrt(row.length)))),
});
/** Both; the second rows alone; nobody; and somebody who only refused. */
const viewers = rows({ likes: bag([[1, 2], [2], [], []]), nopes: bag([[], [], [], [3]]) }, 4);
/** Each item of the vocabulary, and one that nobody knew. */
const items = rows({ id: bag([[1], [2], [3], []]), genre: bag([[0], [1], [0], [1]]) }, 4);

const runtimes = [await createOrtRuntime({ threads: 1 }), createPortableRuntime()];

async function vectors(side: TowerSide, of: EncodedRows, runtime = runtimes[0]!, towers = config) {
  const session = await runtime.load(exportTower(side, { config: towers, layouts, weights }));
  const { embedding } = await session.run(
    servingInputs(of, { layout: layouts[side], rows: Int32Array.of(0, 1, 2, 3) }),
  );
  const { data } = embedding!;
  await session.close();
  return Array.from({ length: 4 }, (_, row) =>
    Array.from(data.slice(row * towers.dims, (row + 1) * towers.dims)),
  );
}

const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0);

describe("the linear part", () => {
  test("[LP2] gives unit vectors, whoever likes nothing and whatever nobody knew, alike in every runtime", async () => {
    for (const [side, of] of [
      ["user", viewers],
      ["item", items],
    ] as const) {
      const [native, portable] = await Promise.all(runtimes.map((runtime) => vectors(side, of, runtime)));
      for (const [row, vector] of native!.entries()) {
        expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
        for (const [d, x] of vector.entries()) expect(portable![row]![d]).toBeCloseTo(x, 6);
      }
    }
  });

  // S of a viewer who likes items 1 and 2 is (3, 4), its length 5 that of κ: e = (3, 4) / √50, so that √50 e · f is
  // 3 · .3 + 4 · .2 = 1.7, -1.2 and 1.8. Who likes 2 alone has (0, 4) / √41 and .8, 0 and 1.8; the others have 0.
  test("[LP2] the product is that of the learned towers, their direction by ρ, plus g e · f, over the lengths", async () => {
    const linear = [
      [1.7, -1.2, 1.8, 0].map((part) => (reach * part) / Math.sqrt(50)),
      [0.8, 0, 1.8, 0].map((part) => (reach * part) / Math.sqrt(41)),
      [0, 0, 0, 0],
      [0, 0, 0, 0],
    ];
    const learned = learnedTowers(config);
    const [us, vs] = [await vectors("user", viewers), await vectors("item", items)];
    const alone = [
      await vectors("user", viewers, runtimes[0], learned),
      await vectors("item", items, runtimes[0], learned),
    ];
    const before = packedLength(learned);
    const after = packedLength(config, reach);
    // Of n likes the direction counts √(n + 1) / √(n + 1 + 1.5²); the bias, which stands behind it, in full.
    const shares = [2, 1, 0, 0].map((likes) => Math.sqrt((likes + 1) / (likes + 1 + doubt ** 2)));
    for (const [viewer, parts] of linear.entries()) {
      const user = alone[0]![viewer]!.map((x, d) => (d < 8 ? x * shares[viewer]! : x));
      for (const [at, part] of parts.entries()) {
        const wanted = dot(user, alone[1]![at]!) * before + part;
        expect(dot(us[viewer]!, vs[at]!) * after).toBeCloseTo(wanted, 5);
      }
    }
  });

  test("is as wide as it says: 2 of 15 numbers are its own, 3 bring vectors to unit length, 2 carry the bias", () => {
    expect(directionDims(config)).toBe(8);
    expect(learnedTowers(config)).toMatchObject({ dims: 10, linearDims: 0, historyDims: 8, idDims: 8 });
    expect(linearBags(layouts)).toEqual({ history: user.bags[1], id: item.bags[0] });
  });

  test("[LP3] is left out where nothing can be read, where vectors are short, and where tables are large", () => {
    const refused = { user: { ...user, bags: user.bags.slice(0, 1) }, item };
    expect(linearBags(refused)).toBeUndefined();
    expect(resolveTowerConfig({}, refused).linearDims).toBe(0);
    expect(() => resolveTowerConfig({ linearDims: 8 }, refused)).toThrow("linearDims must be 0");
    expect(resolveTowerConfig({}, layouts).linearDims).toBe(253);
    expect(resolveTowerConfig({ dims: 758 }, layouts).linearDims).toBe(0);
    const many = (of: RowLayout): RowLayout => ({
      ...of,
      bags: of.bags.map((one) => ({ ...one, vocabulary: 9_000 })),
    });
    expect(resolveTowerConfig({}, { user: many(user), item: many(item) }).linearDims).toBe(0);
    for (const linearDims of [-1, 1.5, 800]) {
      expect(() => resolveTowerConfig({ linearDims }, layouts)).toThrow(RangeError);
    }
  });
});
