import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
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
  const settings = join(home, "settings.json");
  await writeFile(settings, JSON.stringify({ training: { nopeHeadWeight: 0.1 } }));
  const first = await futago("train", ...small, "--settings", settings, "--update-db");
  // The sweep registered nothing: this is the first version of its day.
  expect(first).toMatchObject({ code: 0, start: { kind: "fresh" }, version: expect.stringMatching(/-1$/) });
  const manifest = await readFile(join(home, "models", first.version, "manifest.json"), "utf8");
  expect(first.labels).toMatchObject({ likes: expect.any(Number), bounces: 0, bursts: 0, notApplied: [] });
  expect(JSON.parse(manifest).training.labels).toEqual(first.labels);
  // Preset and width are the parent's where nothing else is said.
  const second = await futago("train", "--warm-start", "--epochs", "1", "--seed", "43");
  expect(second).toMatchObject({ code: 0, active: false, start: { kind: "warm" } });
  expect(second.start.carriedRows).toBeGreaterThan(0.9 * second.start.rows);
  // Heads go on, too, so that a value formula finds them.
  const headsOf = async (version: string) =>
    JSON.parse(await readFile(join(home, "models", version, "heads.json"), "utf8")).heads;
  expect(Object.keys(await headsOf(first.version))).toEqual(["nope"]);
  expect(Object.keys(await headsOf(second.version))).toEqual(["nope"]);
  expect(await headsOf(second.version)).not.toEqual(await headsOf(first.version));
  expect(await futago("train", "--warm-start", second.version, "--preset", "standard")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Cannot start warm"),
  });

  await futago("jobs", "add", "retrain");
  await futago("jobs", "run", "--once", "--no-schedule", "--kinds", "retrain");
  const { runs } = await futago("jobs", "list", "--runs", "--kind", "retrain");
  expect(runs).toMatchObject([{ outcome: "done" }]);
  expect(runs[0].counts["carried share"]).toBeGreaterThan(0.9);
  vi.stubEnv("FUTAGO_VALUE", "similarity=1,nope=-0.1");
  const { checks } = await futago("doctor");
  const says = expect.stringMatching(/^ranks what/);
  expect(checks).toContainEqual({ name: "value formula", ok: true, says });
}, 60_000);
