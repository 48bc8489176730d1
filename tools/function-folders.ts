import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Where the functions and their configuration lie. */
export const supabaseFolder: string = join(import.meta.dirname, "..", "supabase");

/**
 * The names of the functions that are there.
 *
 * @returns Sorted; without `_shared`.
 */
export function functionFolders(): readonly string[] {
  return readdirSync(join(supabaseFolder, "functions"))
    .filter((name) => !name.startsWith("_"))
    .sort();
}
