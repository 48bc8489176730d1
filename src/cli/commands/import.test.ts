import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const main = new URL("../main.ts", import.meta.url).pathname;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "futago-import-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function futagoImport(...args: string[]): Promise<Outcome> {
  const { DATABASE_URL: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [main, "import", ...args],
      { env: { ...env, FUTAGO_HOME: join(folder, "home") } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

describe("futago import", () => {
  test("wrong usage is 2; what cannot be read or does not fit is 1 and says where", async () => {
    expect((await futagoImport("csv")).code).toBe(2);
    expect((await futagoImport("demo", "--batch-rows", "0")).code).toBe(2);
    const nowhere = await futagoImport("movielens", folder);
    expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining("must hold movies.csv")]);
    const mapping = join(folder, "mapping.json");
    await writeFile(mapping, '{"items": {"file": "a.csv", "id": 7, "title": "t"}}');
    const slip = await futagoImport("csv", "--mapping", mapping);
    expect([slip.code, slip.stderr]).toEqual([
      1,
      "error: Cannot import as items.id must be a string: current value is 7\n",
    ]);
  });

  test("--strict is refused with 1 and changes nothing; without it the rest is imported, and again changes nothing", async () => {
    const own = join(folder, "own");
    await cp("examples/own-data/csv", own, { recursive: true });
    const run = async (...more: string[]) => {
      const { code, stdout } = await futagoImport(
        "csv",
        "--mapping",
        join(own, "mapping.json"),
        "--json",
        ...more,
      );
      return { code, ...JSON.parse(stdout) };
    };
    expect(await run("--strict")).toMatchObject({ code: 1, imported: false, issues: { total: 3 } });
    expect(await run()).toMatchObject({ code: 0, imported: true, counts: { inserted: 12, orphaned: 1 } });
    expect(await run()).toMatchObject({ code: 0, counts: { inserted: 0, updated: 0, unchanged: 12 } });
  }, 120_000);
});
