import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabase } from "../../adapters/postgres/mod.ts";
import { demoImport, runImport } from "../../catalogue/mod.ts";
import { openCommandLine } from "./command-line.conformance.ts";

test("[CL5] train starts from the weights of a version when it is told to, and the job retrain by itself", async () => {
  const { home, run: futago } = await openCommandLine();
  const database = await openDatabase({ directory: join(home, "database") });
  await runImport(demoImport({ items: 60, people: 40 }), database.catalogue);
  await database.close();
  expect(await futago("train", "--warm-start")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("one must be active"),
  });
  const small = ["--preset", "lite", "--embedding-dim", "16", "--epochs", "1"];
  const sweep = await futago("train", ...small, "--find-learning-rate");
  expect(sweep).toMatchObject({ code: 0, learningRates: { suggested: expect.any(Number) } });
  const first = await futago("train", ...small, "--update-db");
  // The sweep registered nothing: this is the first version of its day.
  expect(first).toMatchObject({ code: 0, start: { kind: "fresh" }, version: expect.stringMatching(/-1$/) });
  const manifest = await readFile(join(home, "models", first.version, "manifest.json"), "utf8");
  expect(first.labels).toMatchObject({ likes: expect.any(Number), bounces: 0, bursts: 0, notApplied: [] });
  expect(JSON.parse(manifest).training.labels).toEqual(first.labels);
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
