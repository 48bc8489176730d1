import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type BlobStore, checkBlobPath, FutagoError } from "../../base/mod.ts";

const partial = ".partial-";

/**
 * Blobs as files of a directory. A blob is written beside its place, flushed, then renamed into it, so that a reader
 * or a killed writer never leaves half of one. A path cannot be a blob and a folder of blobs at once here.
 *
 * @param root Made when first written to.
 * @returns The store; failures of the disk are FutagoError `storage_failed`.
 *
 * @example
 * ```ts
 * import { createFileBlobStore } from "futago/blob-fs";
 * const blobs = createFileBlobStore(".futago");
 * await blobs.list("models/");
 * ```
 */
export function createFileBlobStore(root: string): BlobStore {
  const place = (path: string): string => join(root, ...checkBlobPath(path).split("/"));
  const list = async (prefix: string): Promise<string[]> => {
    checkBlobPath(prefix, { prefix: true });
    // Only the folder that the prefix names can hold what starts with it.
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const names = await unlessMissing(
      readdir(join(root, folder), { recursive: true, withFileTypes: true }),
      [],
    );
    return names
      .filter((entry) => entry.isFile() && !entry.name.startsWith(partial))
      .map((entry) => join(entry.parentPath, entry.name).slice(join(root, "/").length).replaceAll("\\", "/"))
      .filter((path) => path.startsWith(prefix))
      .sort();
  };
  return {
    read: async (path) => {
      const file = place(path);
      const bytes = await guarded("read", path, () => unlessMissing(readFile(file), undefined));
      return bytes === undefined ? undefined : new Uint8Array(bytes);
    },
    write: async (path, bytes) => {
      const file = place(path);
      // Taken before the first wait: the caller may go on to use the buffer.
      const copy = bytes.slice();
      await guarded("write", path, async () => {
        await mkdir(dirname(file), { recursive: true });
        const draft = join(dirname(file), `${partial}${basename(file)}-${randomUUID()}`);
        try {
          await writeFlushed(draft, copy);
          await rename(draft, file);
        } finally {
          await rm(draft, { force: true });
        }
      });
    },
    list: (prefix) => guarded("list", prefix, () => list(prefix)),
    remove: (prefix) =>
      guarded("remove", prefix, async () => {
        const paths = await list(prefix);
        for (const path of paths) await rm(place(path), { force: true });
        for (const path of paths) await pruneEmpty(root, dirname(path));
      }),
  };
}

async function writeFlushed(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, "wx");
  try {
    await handle.writeFile(bytes);
    // Before the rename: a power cut must not leave the new name on bytes that never reached the disk.
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function pruneEmpty(root: string, folder: string): Promise<void> {
  for (let at = folder; at !== "."; at = dirname(at)) {
    try {
      await rmdir(join(root, at));
    } catch {
      return;
    }
  }
}

async function unlessMissing<Result, Missing>(
  work: Promise<Result>,
  missing: Missing,
): Promise<Result | Missing> {
  try {
    return await work;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return missing;
    throw error;
  }
}

async function guarded<Result>(act: string, path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RangeError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    throw new FutagoError(
      "storage_failed",
      `Cannot ${act} "${path}" as the disk must allow it: current answer is ${code}. Check free space and rights`,
      { cause: error, details: { code } },
    );
  }
}
