import { sql } from "kysely";
import { afterAll, afterEach, describe } from "vitest";
import type { OpenConnection } from "./connection.ts";
import { assembleDatabase, type Database, type DatabaseOptions, openDatabase } from "./database.ts";
import { openEmbedded } from "./open-embedded.ts";
import { repeatDeadlocked } from "./repeat-deadlocked.ts";

/** Opens an empty database that is gone after the test. */
export type OpenTestDatabase = (options?: DatabaseOptions) => Promise<Database>;

/**
 * Runs tests on every database there is: PGlite always, Postgres where `DATABASE_URL` names one. Each call opens a
 * schema of its own, so that files may run side by side on one server. On PGlite, which has one session and takes a
 * second to start, all of a file share one instance and the schema opened last is the one that is seen.
 *
 * @param name What is tested.
 * @param tests Given the way to open a database.
 */
export function describeDatabases(name: string, tests: (open: OpenTestDatabase) => void): void {
  const url = process.env["DATABASE_URL"];
  let embedded: OpenConnection | undefined;
  const openPglite = async (options: DatabaseOptions): Promise<Database> => {
    embedded ??= await openEmbedded({ memory: true });
    return assembleDatabase({ ...embedded, close: async () => {} }, options);
  };
  describeDatabase(`${name} on PGlite`, openPglite, tests);
  afterAll(() => embedded?.close());
  if (url === undefined) return;
  describeDatabase(
    `${name} on Postgres`,
    (options) => openDatabase({ url }, { maxConnections: 4, ...options }),
    tests,
  );
}

function describeDatabase(
  name: string,
  openIn: (options: DatabaseOptions) => Promise<Database>,
  tests: (open: OpenTestDatabase) => void,
): void {
  describe(name, () => {
    const opened: { readonly database: Database; readonly schema: string }[] = [];
    afterEach(async () => {
      for (const { database, schema } of opened.splice(0)) {
        // Something may still be read behind an answer, such as the most liked for the time without the database.
        await repeatDeadlocked(database.connection, (trx) =>
          sql`drop schema if exists ${sql.id(schema)} cascade`.execute(trx),
        );
        await database.close();
      }
    });
    tests(async (options = {}) => {
      const schema = `futago_test_${crypto.randomUUID().replaceAll("-", "")}`;
      const database = await openIn({ schema, ...options });
      opened.push({ database, schema });
      return database;
    });
  });
}
