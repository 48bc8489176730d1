import { sql } from "kysely";
import { afterAll, afterEach, describe } from "vitest";
import { type Database, type DatabaseOptions, openDatabase } from "./database.ts";

/** Opens an empty database that is gone after the test. */
export type OpenTestDatabase = (options?: DatabaseOptions) => Promise<Database>;

/**
 * Runs tests on every database there is: PGlite always, Postgres where `DATABASE_URL` names one. Each call opens a
 * schema of its own, so that files may run side by side on one server.
 *
 * @param name What is tested.
 * @param tests Given the way to open a database.
 */
export function describeDatabases(name: string, tests: (open: OpenTestDatabase) => void): void {
  const url = process.env["DATABASE_URL"];
  for (const location of [{ memory: true } as const, ...(url === undefined ? [] : [{ url }])]) {
    describe(`${name} on ${"url" in location ? "Postgres" : "PGlite"}`, () => {
      const opened: { database: Database; schema: string }[] = [];
      const closeAll = async () => {
        for (const { database, schema } of opened.splice(0)) {
          await sql`drop schema if exists ${sql.id(schema)} cascade`.execute(database.connection);
          await database.close();
        }
      };
      afterEach(closeAll);
      afterAll(closeAll);
      tests(async (options = {}) => {
        const schema = `futago_test_${crypto.randomUUID().replaceAll("-", "")}`;
        const database = await openDatabase(location, { schema, maxConnections: 3, ...options });
        opened.push({ database, schema });
        return database;
      });
    });
  }
}
