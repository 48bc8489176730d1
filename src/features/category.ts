import * as z from "zod/mini";
import { featureName, fieldName, vocabularyOptions } from "./declaration.ts";
import { categoryOf, rawValue } from "./field-value.ts";
import { type OneCategory, oneCategory } from "./one-category.ts";

/** One category out of many: maker, series, age range. A missing or unknown value is row 0. */
export const categoryFeature = z.strictObject({
  kind: z.literal("category"),
  name: featureName,
  field: fieldName,
  ...vocabularyOptions,
});

/** See {@link categoryFeature}. */
export type CategoryFeature = z.output<typeof categoryFeature>;

/** Its encoder. */
export const category: OneCategory<CategoryFeature> = oneCategory((feature, row) =>
  categoryOf(rawValue(row, feature.field)),
);
