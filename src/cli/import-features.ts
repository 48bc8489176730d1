import { resolve } from "node:path";
import type { Dataset } from "../catalogue/mod.ts";
import {
  type FittedFeatures,
  fitFeatures,
  parseFeatureSchema,
  parseFittedFeatures,
} from "../features/mod.ts";
import { isVersionName } from "../registry/mod.ts";
import { readFeatureSchema } from "./feature-schema.ts";
import type { Stores } from "./open-stores.ts";
import { readJsonFile } from "./read-json-file.ts";
import { registeredBundle } from "./registered-bundle.ts";

/**
 * What imported towers read.
 *
 * @param source `video` or `movielens`; a JSON file with a feature schema, fitted on the catalogue here, or with fitted
 * features; else a version, for its features; absent: the active version's.
 * @param options Where things are, and from which folder a file is named.
 * @returns Fitted features.
 */
export async function importFeatures(
  source: string | undefined,
  options: { readonly stores: Stores; readonly dataset: Dataset; readonly folder: string },
): Promise<FittedFeatures> {
  const { stores, dataset, folder } = options;
  if (source === "video" || source === "movielens")
    return fitFeatures(await readFeatureSchema(source), dataset);
  if (source?.endsWith(".json")) {
    const { json } = await readJsonFile(resolve(folder, source));
    const fitted = (json as { kind?: unknown } | null)?.kind === "fitted-features";
    return fitted ? parseFittedFeatures(json) : fitFeatures(parseFeatureSchema(json), dataset);
  }
  if (source !== undefined && !isVersionName(source)) {
    throw new RangeError(
      `Cannot take features as they must be of video, movielens, a .json file or a version: current value is "${source}"`,
    );
  }
  return (await registeredBundle(stores, source)).features;
}
