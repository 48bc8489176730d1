import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sha256Hex } from "../../base/mod.ts";

/** What became of each file, by its path below the target, with `/`. */
export interface CopiedFiles {
  readonly written: readonly string[];
  readonly updated: readonly string[];
  readonly unchanged: readonly string[];
  /** Somebody changed them since they were written: left as they are. */
  readonly kept: readonly string[];
}

/**
 * Copies files, and never over somebody else's work: a file is replaced only while it is as it was last written here,
 * which a record in the target knows.
 *
 * @param files Contents by path below the target.
 * @param options `target`: an absolute path. `record`: where below it the hashes are kept. `force`: replaces all.
 * @returns What was done.
 */
export async function copyFiles(
  files: ReadonlyMap<string, Uint8Array>,
  options: { readonly target: string; readonly record: string; readonly force: boolean },
): Promise<CopiedFiles> {
  const { target, record, force } = options;
  const hashes = await readRecord(join(target, record));
  const copied = {
    written: [] as string[],
    updated: [] as string[],
    unchanged: [] as string[],
    kept: [] as string[],
  };
  for (const [path, bytes] of files) {
    const hash = sha256Hex(bytes);
    const there = await readIfAny(join(target, path));
    const now = there === undefined ? undefined : sha256Hex(there);
    if (now === hash) copied.unchanged.push(path);
    else if (now !== undefined && now !== hashes[path] && !force) {
      copied.kept.push(path);
      continue;
    } else {
      await mkdir(dirname(join(target, path)), { recursive: true });
      await writeFile(join(target, path), bytes);
      copied[now === undefined ? "written" : "updated"].push(path);
    }
    hashes[path] = hash;
  }
  await mkdir(dirname(join(target, record)), { recursive: true });
  await writeFile(join(target, record), `${JSON.stringify({ files: hashes }, undefined, 2)}\n`);
  return copied;
}

/**
 * Reads every file below a directory.
 *
 * @param directory Where they are.
 * @returns Contents by path below it, with `/`, sorted.
 */
export async function readTree(directory: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name).slice(directory.length).replaceAll("\\", "/").replace(/^\//, ""),
    )
    .sort();
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await readFile(join(directory, path))] as const)),
  );
}

async function readRecord(path: string): Promise<Record<string, string>> {
  const bytes = await readIfAny(path);
  if (bytes === undefined) return {};
  try {
    const { files } = JSON.parse(new TextDecoder().decode(bytes)) as { files?: Record<string, string> };
    return { ...files };
  } catch {
    // Unreadable, it knows nothing: then every file that differs counts as somebody's work.
    return {};
  }
}

async function readIfAny(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
