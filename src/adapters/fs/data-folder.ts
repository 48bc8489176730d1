import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { isAbsolute, join, normalize } from "node:path";
import { FutagoError } from "../../base/mod.ts";
import type { DataFile, DataFolder } from "../../catalogue/mod.ts";

/**
 * A directory to import from.
 *
 * @param directory Its path; need not exist yet, as only its files are looked for.
 * @returns The folder; paths that would lead out of it are not found.
 */
export function openDataFolder(directory: string): DataFolder {
  return {
    name: directory,
    async find(path) {
      const inside = normalize(path);
      if (isAbsolute(inside) || inside.startsWith("..")) return undefined;
      return openDataFile(join(directory, inside), { name: path });
    },
  };
}

async function openDataFile(
  path: string,
  { name }: { readonly name: string },
): Promise<DataFile | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
    throw unreadable(name, error);
  });
  if (found === undefined || !found.isFile()) return undefined;
  return {
    name,
    size: found.size,
    async *chunks() {
      try {
        for await (const chunk of createReadStream(path, { highWaterMark: 262_144 }))
          yield chunk as Uint8Array;
      } catch (error) {
        throw unreadable(name, error);
      }
    },
  };
}

function unreadable(name: string, cause: unknown): FutagoError {
  const code = (cause as NodeJS.ErrnoException).code ?? "unknown";
  return new FutagoError(
    "source_unreadable",
    `Cannot import as "${name}" must be readable: current error is ${code}`,
    {
      cause,
    },
  );
}
