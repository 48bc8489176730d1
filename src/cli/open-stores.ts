import { mkdir } from "node:fs/promises";
import { createFileBlobStore } from "../adapters/blob-fs/mod.ts";
import { type Database, type DatabaseOptions, openDatabase } from "../adapters/postgres/mod.ts";
import type { BlobStore } from "../base/mod.ts";
import type { CliContext } from "./context.ts";
import { openModelStore } from "./open-model-store.ts";

/** The database and the models of one home. */
export interface Stores {
  readonly database: Database;
  /** Where models are served from. */
  readonly blobs: BlobStore;
  /** Where training writes models; the same where they are served from there. */
  readonly home: BlobStore;
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
    const home = createFileBlobStore(context.home);
    const blobs = context.models === undefined ? home : openModelStore(context.models, context.env);
    return await use({ database, blobs, home });
  } finally {
    await database.close();
  }
}
