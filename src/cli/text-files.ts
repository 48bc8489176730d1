import { readFile, writeFile } from "node:fs/promises";
import { FutagoError } from "../base/mod.ts";
import type { CliContext } from "./context.ts";

/**
 * Reads a text file.
 *
 * @param path Which.
 * @returns Its text.
 * @throws FutagoError `source_unreadable` where it cannot be read.
 */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new FutagoError(
      "source_unreadable",
      `Cannot read "${path}" as it must be a readable file: ${(cause as Error).message}`,
      { cause },
    );
  }
}

/**
 * Writes a text file, and says so.
 *
 * @param context Whom to tell.
 * @param file Which, and what it should hold.
 * @throws FutagoError `storage_failed` where it cannot be written.
 */
export async function writeText(
  context: CliContext,
  { path, text }: { readonly path: string; readonly text: string },
): Promise<void> {
  try {
    await writeFile(path, text);
  } catch (cause) {
    throw new FutagoError("storage_failed", `Cannot write "${path}": ${(cause as Error).message}`, { cause });
  }
  context.say(`Wrote ${path}`);
}
