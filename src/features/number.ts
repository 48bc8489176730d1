import * as z from "zod/mini";
import { featureName, fieldName } from "./declaration.ts";
import type { DenseEncoder, FieldRow } from "./encoder.ts";
import { numberOf, rawValue } from "./field-value.ts";
import { fitStandard, type StandardState, signedLog, writeStandard } from "./standardise.ts";

/** A number: price, duration, review average. Standardised, clipped, with a column that says it is missing. */
export const numberFeature = z.strictObject({
  kind: z.literal("number"),
  name: featureName,
  field: fieldName,
  /** Take log(1 + |x|) with the sign of x first: for counts and prices. */
  log: z._default(z.boolean(), false),
  /** In standard deviations. */
  clip: z._default(z.number().check(z.positive(), z.maximum(100)), 5),
});

/** See {@link numberFeature}. */
export type NumberFeature = z.output<typeof numberFeature>;

/** How many values a field holds: performers, tags. A field that is no array is missing, an empty one is 0. */
export const countFeature = z.strictObject({
  ...numberFeature.shape,
  kind: z.literal("count"),
  log: z._default(z.boolean(), true),
});

/** See {@link countFeature}. */
export type CountFeature = z.output<typeof countFeature>;

function read(feature: NumberFeature | CountFeature, row: FieldRow): number {
  const raw = rawValue(row, feature.field);
  const value = feature.kind === "number" ? numberOf(raw) : Array.isArray(raw) ? raw.length : Number.NaN;
  return feature.log ? signedLog(value) : value;
}

/**
 * Finds centre and scale of a number.
 *
 * @param feature The declaration.
 * @param rows The fit data.
 * @returns The state.
 */
export function fitNumber(feature: NumberFeature | CountFeature, rows: readonly FieldRow[]): StandardState {
  return fitStandard(Float64Array.from(rows, (row) => read(feature, row)));
}

/**
 * Two columns: the standardised number and the missing flag.
 *
 * @param feature The declaration.
 * @param state As fitted.
 * @returns The encoder.
 */
export function numberEncoder(feature: NumberFeature | CountFeature, state: StandardState): DenseEncoder {
  return {
    kind: "dense",
    width: 2,
    encode(row, out, offset) {
      writeStandard(state, read(feature, row), { out, offset, clip: feature.clip });
    },
  };
}
