import { type Database, openDatabase } from "../../adapters/postgres/mod.ts";
import type { CliContext } from "../context.ts";
import type { Stores } from "../open-stores.ts";

/** How long a question to the queue may take, in milliseconds. */
const timeoutMs = 10_000;

/**
 * Hands over the queue and the alerts on connections of their own, on which nothing waits for long: who tells of a database
 * that does not answer must not wait for it, and a worker must see that its claim may be lost. What jobs do with the database
 * takes as long as it takes.
 *
 * @param context Says where the database is.
 * @param stores An embedded database is open there, and answers from this process.
 * @param use What to do with them.
 * @returns What `use` returned.
 */
export async function withQueue<T>(
  { databaseTarget }: CliContext,
  { database }: Stores,
  use: (queue: Pick<Database, "jobs" | "alerts">) => Promise<T>,
): Promise<T> {
  if (!("url" in databaseTarget)) return use(database);
  const queue = await openDatabase(databaseTarget, {
    migrate: false,
    maxConnections: 3,
    bounds: { timeoutMs },
  });
  try {
    return await use(queue);
  } finally {
    await queue.close();
  }
}
