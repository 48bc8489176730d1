import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openDatabase } from "../../adapters/postgres/mod.ts";
import { demoImport, runImport } from "../../catalogue/mod.ts";
import { openCommandLine } from "./command-line.conformance.ts";

test("[CL6] tune finds settings that train takes, goes on where it was stopped, and shows its trials", async () => {
  const { home, run: futago } = await openCommandLine();
  const database = await openDatabase({ directory: join(home, "database") });
  await runImport(demoImport({ items: 60, people: 60 }), database.catalogue);
  await database.close();
  const [space, page, best] = ["space.json", "study.html", "best.json"].map((name) => join(home, name));
  const write = (training: object) =>
    writeFile(space!, JSON.stringify({ kind: "search_space", training: { learningRate: training } }));
  const asked = [
    "--preset",
    "lite",
    "--embedding-dim",
    "8",
    "--epochs",
    "6",
    "--min-epochs",
    "2",
    "--study",
    "one",
  ];
  const tune = (...more: readonly string[]) => futago("tune", ...asked, "--space", space!, ...more);

  await write({ kind: "log_uniform", from: 0.01, to: 5 });
  expect(await tune()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Cannot train as learningRate"),
  });

  await write({ kind: "log_uniform", from: 0.001, to: 0.02 });
  // Without any time nothing is trained, and the study is there to go on with.
  expect(await tune("--minutes", "0")).toMatchObject({
    code: 0,
    complete: false,
    trials: 0,
  });
  const study = await tune("--trials", "3", "--html", page!, "--output", best!);
  expect(study).toMatchObject({ code: 0, study: "one", complete: true, rungs: [2, 6], trials: 3, failed: 0 });
  const html = await readFile(page!, "utf8");
  expect(html).toContain("<h1>Study: one</h1>");
  expect(html).toContain(`trial ${study.best.trial}`);
  expect(html).not.toMatch(/<script|src=|href=/);

  const { towers, training } = JSON.parse(await readFile(best!, "utf8"));
  expect(training.learningRate).toBe(study.best.settings.training.learningRate);
  const dry = await futago("train", "--settings", best!, "--dry-run", "--seed", "7");
  expect(dry).toMatchObject({ code: 0, towers, training: { ...training, seed: 7 } });
}, 120_000);
