import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, onTestFinished, test, vi } from "vitest";
import { openDatabase, readMigrations } from "../../adapters/postgres/mod.ts";
import { main } from "../main.ts";

test("migrate applies, --check tells what differs and ends with 1, --again mends it", async () => {
  vi.stubEnv("DATABASE_URL", undefined);
  const home = await mkdtemp(join(tmpdir(), "futago-migrate-"));
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    process.exitCode = 0;
    await rm(home, { recursive: true, force: true });
  });
  const migrate = async (...options: string[]) => {
    let stdout = "";
    const spies = [
      vi.spyOn(process.stdout, "write").mockImplementation((text) => {
        stdout += String(text);
        return true;
      }),
      vi.spyOn(process.stderr, "write").mockImplementation(() => true),
    ];
    process.exitCode = 0;
    try {
      const code = await main(["migrate", "--home", home, "--json", ...options]);
      return { failed: code !== 0 || process.exitCode !== 0, ...JSON.parse(stdout) };
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
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
