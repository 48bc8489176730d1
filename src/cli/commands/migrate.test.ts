import { join } from "node:path";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { openDatabase, readMigrations } from "../../adapters/postgres/mod.ts";
import { openCommandLine } from "./command-line.conformance.ts";

test("migrate applies, --check tells what differs and ends with 1, --again mends it", async () => {
  const { home, run } = await openCommandLine();
  const migrate = async (...options: string[]) => {
    const { code, stderr: _, ...printed } = await run("migrate", ...options);
    return { failed: code !== 0, ...printed };
  };
  const names = (await readMigrations()).map(({ name }) => name);
  expect(await migrate()).toEqual({ failed: false, ok: true, applied: names, drift: [] });
  const database = await openDatabase({ directory: join(home, "database") });
  await sql`drop index likes_video_id`.execute(database.connection);
  await database.close();
  expect(await migrate("--check")).toMatchObject({
    failed: true,
    ok: false,
    applied: [],
    drift: [{ kind: "index", object: "likes.likes_video_id" }],
  });
  expect(await migrate("--again")).toEqual({ failed: false, ok: true, applied: names, drift: [] });
});
