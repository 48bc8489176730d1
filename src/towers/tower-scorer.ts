import type { Item } from "../catalogue/mod.ts";
import { encodeItems, type Histories } from "../features/mod.ts";
import { createRuntimeProduct, type Runtime } from "../onnx/mod.ts";
import type { Towers } from "./load-towers.ts";

/** Scores every item of a catalogue for viewers; has the form of the evaluator's `Scorer`. */
export interface TowerScorer {
  readonly name: string;
  /** items × dims, row-major: the vectors of the catalogue, as they are served. */
  readonly itemVectors: Float32Array;
  /** users × dims, row-major: the vectors of viewers, as they are served. */
  embed(histories: Histories): Promise<Float32Array>;
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
  const product = await createRuntimeProduct(runtime, { transposeB: true });
  const embed = (histories: Histories): Promise<Float32Array> => towers.embedUsers(histories, encoded);
  return {
    name,
    itemVectors,
    embed,
    score: async (histories) => {
      const users = await embed(histories);
      const shape = { m: users.length / towers.dims, k: towers.dims, n: items.length };
      return product.multiply(users, itemVectors, shape);
    },
    close: () => product.close(),
  };
}
