import { readFile } from "node:fs/promises";
import { FutagoError } from "../base/mod.ts";
import {
  type FeatureSchemaInput,
  movielensSchema,
  parseFeatureSchema,
  sequenceSchema,
  videoSchema,
} from "../features/mod.ts";
import { type TowerPreset, towerPresets } from "../towers/mod.ts";

/**
 * A feature schema by name or from a file.
 *
 * @param name `video`, `movielens`, or the path of a JSON file.
 * @param preset The towers that will read it: for those that know order, its variant with a sequence.
 * @returns The schema, checked.
 * @throws FutagoError `source_unreadable` when the file cannot be read.
 * @throws TypeError When it is no feature schema.
 */
export async function readFeatureSchema(name: string, preset?: TowerPreset): Promise<FeatureSchemaInput> {
  const schema = await namedSchema(name);
  return preset !== undefined && towerPresets[preset].sequence !== undefined
    ? sequenceSchema(schema)
    : schema;
}

async function namedSchema(name: string): Promise<FeatureSchemaInput> {
  if (name === "video") return videoSchema;
  if (name === "movielens") return movielensSchema;
  let json: unknown;
  try {
    json = JSON.parse(await readFile(name, "utf8"));
  } catch (cause) {
    throw new FutagoError(
      "source_unreadable",
      `Cannot read the feature schema as "${name}" must be video, movielens or a JSON file: ${(cause as Error).message}`,
      { cause },
    );
  }
  return parseFeatureSchema(json);
}
