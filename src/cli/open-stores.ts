import { mkdir } from "node:fs/promises";
import { createFileBlobStore } from "../adapters/blob-fs/mod.ts";
import { type Database, type DatabaseOptions, openDatabase } from "../adapters/postgres/mod.ts";
import type { BlobStore } from "../base/mod.ts";
import type { CliContext } from "./context.ts";

/** The database and the models of one home. */
export interface Stores {
  readonly database: Database;
  readonly blobs: BlobStore;
}

/**
 * Opens the database and the models, runs something with them, and closes them whatever happens.
 *
 * @param context Says where they are.
 * @param use What to do with them.
 * @param options How long a query may take, for those who answer others.
 * @returns What `use` returned.
 * @throws FutagoError `database_busy` where another process has the embedded database open, `database_unreachable`.
 */
export async function withStores<T>(
  context: CliContext,
  use: (stores: Stores) => Promise<T>,
  options: Pick<DatabaseOptions, "bounds"> = {},
): Promise<T> {
  await mkdir(context.home, { recursive: true });
  const database = await openDatabase(context.databaseTarget, options);
  try {
    return await use({ database, blobs: createFileBlobStore(context.home) });
  } finally {
    await database.close();
  }
}
