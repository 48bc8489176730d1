import * as z from "zod/mini";
import { featureName, fieldName, vocabularyOptions } from "./declaration.ts";
import { numberOf, rawValue } from "./field-value.ts";
import { type OneCategory, oneCategory } from "./one-category.ts";

/** The span of years an item comes from: by a field that holds a year, else by its release. Missing is row 0. */
export const eraFeature = z.strictObject({
  kind: z.literal("era"),
  name: featureName,
  /** A field with a calendar year. */
  field: z._default(fieldName, "year"),
  /** Length of a span. */
  years: z._default(z.int().check(z.minimum(1), z.maximum(100)), 10),
  ...vocabularyOptions,
});

/** See {@link eraFeature}. */
export type EraFeature = z.output<typeof eraFeature>;

/** Its encoder; a word is the first year of a span. */
export const era: OneCategory<EraFeature> = oneCategory((feature, row) => {
  let year = numberOf(rawValue(row, feature.field));
  if (Number.isNaN(year)) year = new Date(numberOf(row.releasedAt)).getUTCFullYear();
  return Number.isNaN(year) ? undefined : String(Math.floor(year / feature.years) * feature.years);
});
