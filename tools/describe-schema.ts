import { readFileSync, writeFileSync } from "node:fs";
import { describeDatabase, migrate, openDatabase } from "../src/adapters/postgres/mod.ts";

// Writes supabase/schema.json: what the migrations make of an empty database with Supabase's roles. Run it after every
// change of a migration; a test compares it with what they make on PGlite and on Postgres.
const root = new URL("../", import.meta.url);
const database = await openDatabase({ memory: true }, { migrate: false });
const platform = readFileSync(new URL("tests/supabase-platform.sql", root), "utf8");
await migrate(database.connection, { migrations: [{ name: "supabase-platform.sql", sql: platform }] });
await database.migrate();
const description = await describeDatabase(database.connection);
await database.close();
writeFileSync(new URL("supabase/schema.json", root), `${JSON.stringify(description, null, 2)}\n`);
const parts = Object.values(description).reduce((sum, objects) => sum + Object.keys(objects).length, 0);
console.log(`${parts} parts in supabase/schema.json`);
