import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { FutagoError } from "../base/mod.ts";

/** A JSON file, and where its relative paths begin. */
export interface JsonFile {
  readonly json: unknown;
  readonly folder: string;
}

/**
 * Reads a JSON file.
 *
 * @param path Which.
 * @param what It is, for the message.
 * @returns What it holds.
 * @throws FutagoError `source_unreadable` where it is not there or no JSON.
 */
export async function readJsonFile(path: string, what = "a file"): Promise<JsonFile> {
  try {
    return { json: JSON.parse(await readFile(path, "utf8")), folder: dirname(resolve(path)) };
  } catch (cause) {
    throw new FutagoError(
      "source_unreadable",
      `Cannot read ${what} as "${path}" must be a JSON file: ${(cause as Error).message}`,
      { cause },
    );
  }
}
