import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { openDatabase } from "../../adapters/postgres/mod.ts";
import { demoImport, runImport } from "../../catalogue/mod.ts";
import { main } from "../main.ts";

test("[CL5] train starts from the weights of a version when it is told to, and the job retrain by itself", async () => {
  vi.stubEnv("DATABASE_URL", undefined);
  const home = await mkdtemp(join(tmpdir(), "futago-train-"));
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    process.exitCode = 0;
    await rm(home, { recursive: true, force: true });
  });
  const futago = async (...args: string[]) => {
    let [stdout, stderr] = ["", ""];
    const spies = [
      vi.spyOn(process.stdout, "write").mockImplementation((text) => {
        stdout += String(text);
        return true;
      }),
      vi.spyOn(process.stderr, "write").mockImplementation(() => true),
      vi.spyOn(console, "error").mockImplementation((text) => {
        stderr += String(text);
      }),
    ];
    process.exitCode = 0;
    try {
      const code = await main([...args, "--home", home, "--json"]);
      return { code, stderr, ...(stdout === "" ? {} : JSON.parse(stdout)) };
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  };
  const database = await openDatabase({ directory: join(home, "database") });
  await runImport(demoImport({ items: 60, people: 40 }), database.catalogue);
  await database.close();
  expect(await futago("train", "--warm-start")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("one must be active"),
  });
  const small = ["--preset", "lite", "--embedding-dim", "16", "--epochs", "1"];
  const first = await futago("train", ...small, "--update-db");
  expect(first).toMatchObject({ code: 0, start: { kind: "fresh" } });
  // Preset and width are the parent's where nothing else is said.
  const second = await futago("train", "--warm-start", "--epochs", "1", "--seed", "43");
  expect(second).toMatchObject({ code: 0, active: false, start: { kind: "warm" } });
  expect(second.start.carriedRows).toBeGreaterThan(0.9 * second.start.rows);
  expect(await futago("train", "--warm-start", second.version, "--preset", "standard")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Cannot start warm"),
  });

  await futago("jobs", "add", "retrain");
  await futago("jobs", "run", "--once", "--no-schedule", "--kinds", "retrain");
  const { runs } = await futago("jobs", "list", "--runs", "--kind", "retrain");
  expect(runs).toMatchObject([{ outcome: "done" }]);
  expect(runs[0].counts["carried share"]).toBeGreaterThan(0.9);
}, 60_000);
