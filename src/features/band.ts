import * as z from "zod/mini";
import { featureName, fieldName } from "./declaration.ts";
import type { BagEncoder } from "./encoder.ts";
import { numberOf, rawValue } from "./field-value.ts";

/** Which band a number falls into: price bands. Missing is row 0. */
export const bandFeature = z.strictObject({
  kind: z.literal("band"),
  name: featureName,
  field: fieldName,
  /** Ascending borders; band i holds edges[i − 1] ≤ x < edges[i]. */
  edges: z.array(z.number()).check(
    z.minLength(1),
    z.maxLength(100),
    z.refine((edges) => edges.every((edge, i) => i === 0 || edge > edges[i - 1]!)),
  ),
});

/** See {@link bandFeature}. */
export type BandFeature = z.output<typeof bandFeature>;

/**
 * One entry of weight 1 per row: row 1 + the number of edges at or below the value.
 *
 * @param feature The declaration.
 * @returns The encoder.
 */
export function bandEncoder(feature: BandFeature): BagEncoder {
  const { edges } = feature;
  return {
    kind: "bag",
    vocabulary: edges.length + 2,
    role: "content",
    encode(row, out) {
      const value = numberOf(rawValue(row, feature.field));
      let index = 0;
      if (!Number.isNaN(value)) {
        index = 1;
        while (index <= edges.length && value >= edges[index - 1]!) index++;
      }
      out.push(index, 1);
    },
  };
}
