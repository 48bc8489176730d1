import { PGlite } from "@electric-sql/pglite";
import { vector } from "@electric-sql/pglite-pgvector";
import { Kysely, PGliteDialect } from "kysely";
import { FutagoError } from "../../base/mod.ts";
import type { Connection, OpenConnection } from "./connection.ts";
import { type DirectoryLock, lockDirectory } from "./directory-lock.ts";
import type { ListenOptions } from "./listen-on-server.ts";
import { translateErrors } from "./translate-errors.ts";

/** Opens PGlite, alone in its directory. */
export async function openEmbedded(
  location: { directory: string } | { memory: true },
): Promise<OpenConnection> {
  let lock: DirectoryLock | undefined;
  if ("directory" in location) lock = await lockDirectory(location.directory);
  try {
    const client = await PGlite.create({
      ...("directory" in location ? { dataDir: location.directory } : {}),
      extensions: { vector },
      // Every commit reaches the files before it is answered, so that a killed process loses nothing.
      relaxedDurability: false,
    });
    const db: Connection = new Kysely({ dialect: translateErrors(new PGliteDialect({ pglite: client })) });
    const close = async () => {
      await db.destroy();
      if (!client.closed) await client.close();
      await lock?.release();
    };
    const listen = async ({ channel, heard }: ListenOptions) => {
      const close = await client.listen(channel, heard);
      return { close: () => close() };
    };
    return { kind: "pglite", db, listen, close };
  } catch (error) {
    await lock?.release();
    throw new FutagoError(
      "database_unreachable",
      `Cannot open the embedded database as its directory must hold one that PGlite can read: current directory is ` +
        `"${"directory" in location ? location.directory : "memory"}". Choose another, or move this one away to start anew`,
      { cause: error },
    );
  }
}
