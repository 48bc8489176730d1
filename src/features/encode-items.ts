import type { Csr } from "../base/mod.ts";
import type { Item } from "../catalogue/mod.ts";
import { BagBuilder } from "./bag-builder.ts";
import type { EncodedRows } from "./encoded.ts";
import type { FieldEncoder } from "./encoder.ts";
import { type FieldState, fieldEncoder } from "./field-encoders.ts";
import type { FittedFeatures } from "./fitted.ts";

/** Options of {@link encodeItems}. */
export interface EncodeItemsOptions {
  /**
   * `pooled`: only the bags that user features pool over, all that `encodeUsers` reads. The dense block and the other
   * bags are then empty, and the rows are not for an item tower.
   * @default "all"
   */
  readonly features?: "all" | "pooled";
}

interface ItemEncoder {
  readonly name: string;
  readonly encoder: FieldEncoder;
  /** Into the dense block; 0 for bags. */
  readonly offset: number;
  /** Whether a user feature pools over it. */
  readonly pooled: boolean;
}

const compiled = new WeakMap<FittedFeatures, readonly ItemEncoder[]>();

function encodersOf(fitted: FittedFeatures): readonly ItemEncoder[] {
  let encoders = compiled.get(fitted);
  if (encoders !== undefined) return encoders;
  const { schema, itemLayout, itemStates } = fitted;
  const pooled = new Set(schema.user.flatMap((feature) => ("of" in feature ? [feature.of] : [])));
  const offsets = new Map(itemLayout.dense.map(({ name, offset }) => [name, offset]));
  encoders = schema.item.map((feature) => ({
    name: feature.name,
    encoder: fieldEncoder(feature, itemStates[feature.name] as FieldState),
    offset: offsets.get(feature.name) ?? 0,
    pooled: pooled.has(feature.name),
  }));
  compiled.set(fitted, encoders);
  return encoders;
}

/**
 * Encodes items: the same code for the training catalogue, for new items, and for the items of one request.
 *
 * @param fitted As fitted or read from a bundle.
 * @param items Any items; unknown categories, missing and broken values encode as "unknown" or "missing".
 * @param options Whether all features are needed.
 * @returns One row per item, in their order.
 */
export function encodeItems(
  fitted: FittedFeatures,
  items: readonly Item[],
  options: EncodeItemsOptions = {},
): EncodedRows {
  const all = (options.features ?? "all") === "all";
  const width = fitted.itemLayout.denseWidth;
  const dense = new Float32Array(all ? items.length * width : 0);
  const bags: Record<string, Csr> = {};
  for (const { name, encoder, offset, pooled } of encodersOf(fitted)) {
    if (encoder.kind === "bag") {
      const out = new BagBuilder(items.length, 4);
      for (const item of items) {
        if (all || pooled) encoder.encode(item, out);
        out.endRow();
      }
      bags[name] = out.finish();
    } else if (all) {
      for (const [row, item] of items.entries()) encoder.encode(item, dense, row * width + offset);
    }
  }
  return { rows: items.length, dense, bags };
}
