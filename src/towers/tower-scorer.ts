import type { Item } from "../catalogue/mod.ts";
import { encodeItems, type Histories } from "../features/mod.ts";
import { input, matMul } from "../graph/mod.ts";
import { emitOnnx, type Runtime } from "../onnx/mod.ts";
import type { Towers } from "./load-towers.ts";

/** Scores every item of a catalogue for viewers; has the form of the evaluator's `Scorer`. */
export interface TowerScorer {
  readonly name: string;
  /** users × items, row-major: inner products of the served vectors. */
  score(histories: Histories): Promise<Float32Array>;
  /** Frees what it loaded; the towers stay open. */
  close(): Promise<void>;
}

/** Options of {@link createTowerScorer}. */
export interface TowerScorerOptions {
  readonly runtime: Runtime;
  /** The catalogue by dataset index: what `item` of the histories refers to. */
  readonly items: readonly Item[];
  /** @default "two-tower" */
  readonly name?: string;
}

/**
 * A scorer over a whole catalogue: embeds the items once, then multiplies.
 *
 * @param towers A loaded pair.
 * @param options The runtime for the product, and the catalogue.
 * @returns The scorer.
 */
export async function createTowerScorer(towers: Towers, options: TowerScorerOptions): Promise<TowerScorer> {
  const { runtime, items, name = "two-tower" } = options;
  const encoded = encodeItems(towers.features, items);
  const itemVectors = await towers.embedEncodedItems(encoded);
  const product = await createProduct(runtime);
  return {
    name,
    score: async (histories) => {
      const users = await towers.embedUsers(histories, encoded);
      return product.run(users, { other: itemVectors, width: towers.dims });
    },
    close: () => product.close(),
  };
}

/** A × Bᵀ on a runtime. */
export interface MatrixProduct {
  /** `left` rows × `other` rows, both of `width` columns. */
  run(
    left: Float32Array,
    right: { readonly other: Float32Array; readonly width: number },
  ): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Loads a graph that multiplies one matrix by another's transpose.
 *
 * @param runtime What runs it.
 * @returns The product.
 */
export async function createProduct(runtime: Runtime): Promise<MatrixProduct> {
  const left = input("left", ["left_rows", "width"]);
  const right = input("right", ["right_rows", "width"]);
  const product = matMul(left, right, { transposeB: true });
  const session = await runtime.load(
    emitOnnx({ name: "product", inputs: [left, right], outputs: { product } }),
    { name: "product" },
  );
  return {
    run: async (a, { other, width }) => {
      const outputs = await session.run({
        left: { dtype: "float32", shape: [a.length / width, width], data: a },
        right: { dtype: "float32", shape: [other.length / width, width], data: other },
      });
      return outputs["product"]!.data as Float32Array;
    },
    close: () => session.close(),
  };
}
