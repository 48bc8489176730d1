import * as z from "zod/mini";
import { featureName, fieldName } from "./declaration.ts";
import type { DenseEncoder } from "./encoder.ts";
import { rawValue } from "./field-value.ts";

/** A vector that the user brings: of a thumbnail, of a text model. */
export const vectorFeature = z.strictObject({
  kind: z.literal("vector"),
  name: featureName,
  field: fieldName,
  /** Numbers in the field; any other length counts as missing. */
  width: z.int().check(z.minimum(1), z.maximum(4_096)),
  /** Scale to length 1, so that vectors of any source weigh alike. */
  normalise: z._default(z.boolean(), true),
});

/** See {@link vectorFeature}. */
export type VectorFeature = z.output<typeof vectorFeature>;

/**
 * `width` columns and the missing flag. A vector of another width, or with anything but numbers that float32 can
 * hold, is missing: zeros.
 *
 * @param feature The declaration.
 * @returns The encoder.
 */
export function vectorEncoder(feature: VectorFeature): DenseEncoder {
  const { width } = feature;
  return {
    kind: "dense",
    width: width + 1,
    encode(row, out, offset) {
      const value = rawValue(row, feature.field);
      let squares = 0;
      let valid = Array.isArray(value) && value.length === width;
      for (let i = 0; valid && i < width; i++) {
        const x: unknown = (value as readonly unknown[])[i];
        valid = typeof x === "number" && Number.isFinite(Math.fround(x));
        if (valid) squares += (x as number) ** 2;
      }
      if (!valid) {
        out.fill(0, offset, offset + width);
        out[offset + width] = 1;
        return;
      }
      const scale = feature.normalise && squares > 0 ? 1 / Math.sqrt(squares) : 1;
      for (let i = 0; i < width; i++) out[offset + i] = (value as readonly number[])[i]! * scale;
      out[offset + width] = 0;
    },
  };
}
