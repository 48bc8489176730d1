import { buildDataset } from "../../src/catalogue/mod.ts";
import {
  type EncodedRows,
  encodeItems,
  encodeUsers,
  fitFeatures,
  historiesOf,
  videoSchema,
} from "../../src/features/mod.ts";
import { smokeCatalogue } from "./catalogue.ts";
import { rounded } from "./rounded.ts";

/** Fitting and encoding both sides of a small catalogue. */
export const featureParts: Readonly<Record<string, () => unknown>> = {
  features: () => {
    const { dataset } = buildDataset(smokeCatalogue());
    const fitted = fitFeatures(videoSchema, dataset);
    const items = encodeItems(fitted, dataset.items);
    const people = Int32Array.from(dataset.people.keys());
    const users = encodeUsers(fitted, historiesOf(dataset, people), { items });
    return [fitted.schemaHash, fitted.itemLayout, fitted.userLayout, plain(items), plain(users)];
  },
};

function plain({ dense, bags }: EncodedRows): unknown {
  const sparse = Object.entries(bags).map(([name, { offsets, indices, weights }]) => [
    name,
    [...offsets],
    [...indices],
    rounded(weights),
  ]);
  return [rounded(dense), sparse];
}
