import type { TowerPreset } from "../towers/mod.ts";
import { type ModelSettings, parseModelSettings, withSettings } from "../tuning/mod.ts";
import { readJsonFile } from "./read-json-file.ts";

/** Options that say how a model is made, as commander parsed them. */
export interface ModelOptions {
  readonly preset?: TowerPreset;
  readonly embeddingDim?: number;
  readonly epochs?: number;
  /** A file of settings, which the other options go before. */
  readonly settings?: string;
}

/**
 * Settings from a file and from options.
 *
 * @param options What was asked on the command line.
 * @returns The settings; empty where nothing was asked.
 * @throws FutagoError `source_unreadable` where the file is not there or no JSON.
 * @throws TypeError, RangeError When it holds no settings.
 */
export async function readModelSettings(options: ModelOptions): Promise<ModelSettings> {
  const { preset, embeddingDim: dims, epochs, settings } = options;
  const file = settings === undefined ? {} : (await readJsonFile(settings, "model settings")).json;
  return withSettings(parseModelSettings(file), {
    towers: { ...(preset === undefined ? {} : { preset }), ...(dims === undefined ? {} : { dims }) },
    training: epochs === undefined ? {} : { epochs },
  });
}
