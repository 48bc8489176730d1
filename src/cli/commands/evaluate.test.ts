import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const main = new URL("../main.ts", import.meta.url).pathname;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "futago-evaluate-"));
  // Forty people who each like two thirds of the films of their own kind.
  const movies = Array.from(
    { length: 30 },
    (_, m) => `${m + 1}::Film ${m + 1} (1990)::${m % 2 ? "Comedy" : "Drama"}`,
  );
  const users = Array.from({ length: 40 }, (_, u) => `${u + 1}::F::25::7::00000`);
  const ratings = users.flatMap((_, u) =>
    movies.flatMap((_, m) =>
      u % 2 === m % 2 && (u * 7 + m * 5) % 3 > 0
        ? [`${u + 1}::${m + 1}::${3 + ((u + m) % 3)}::${978300000 + m}`]
        : [],
    ),
  );
  for (const [name, lines] of Object.entries({ movies, users, ratings })) {
    await writeFile(join(folder, `${name}.dat`), `${lines.join("\n")}\n`);
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const evaluate = (...args: string[]) =>
  run(process.execPath, [main, "evaluate", "--movielens", folder, "--quiet", ...args], {
    env: { ...process.env, FUTAGO_HOME: join(folder, "home") },
  });

describe("futago evaluate", () => {
  test("refuses a formula over heads that are not trained, before anything is", async () => {
    await expect(evaluate("--value", "similarity=1,nope=-0.1")).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("nopeHeadWeight must be above 0"),
    });
    await expect(evaluate("--value", "nopes=1")).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Cannot rank by value"),
    });
  });

  test("[EV10] the last line of --json holds exactly what others rely on", async () => {
    const html = join(folder, "report.html");
    const { stdout } = await evaluate("--json", "--preset", "lite", "--epochs", "1", "--html", html);
    const summary = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
    expect(Object.keys(summary)).toEqual([
      "protocol",
      "protocolHash",
      "users",
      "items",
      "interactions",
      "models",
      "trainSeconds",
      "peakRssMb",
    ]);
    expect(summary).toMatchObject({ protocol: "strong", users: 40, items: 30, interactions: 400 });
    expect(summary.protocolHash).toMatch(/^[0-9a-f]{64}$/);
    expect(summary.models.map(({ name }: { name: string }) => name)).toEqual([
      "two-tower",
      "popularity",
      "item-knn",
      "ease",
      "ials",
    ]);
    for (const model of summary.models) {
      const chosen = model.name === "ease" ? ["chosen"] : [];
      expect(Object.keys(model)).toEqual(["name", "metrics", "ci95", ...chosen]);
      expect(model.metrics["ndcg@10"]).toBeTypeOf("number");
      expect(model.ci95["ndcg@10"]).toHaveLength(2);
    }
    expect(await readFile(html, "utf8")).toContain(summary.protocolHash);
  });

  test("--importance tells what each feature is worth, in the last line and on the page", async () => {
    const html = join(folder, "importance.html");
    const { stdout } = await evaluate(
      ...["--json", "--preset", "lite", "--epochs", "1", "--baselines", "none"],
      ...["--importance", "--html", html],
    );
    const { importance } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
    const named = importance.features.map(
      ({ side, feature }: Record<string, string>) => `${side}.${feature}`,
    );
    expect(named).toEqual(
      expect.arrayContaining(["user.history", "user.genreShare", "item.id", "item.genre"]),
    );
    for (const { mean, low, high } of importance.features) {
      expect(low).toBeLessThanOrEqual(mean);
      expect(high).toBeGreaterThanOrEqual(mean);
    }
    const page = await readFile(html, "utf8");
    expect(page).toContain("Importance of features");
    expect(page).toContain("genreShare");
  });

  test("[EV12] --seeds gives pooled figures beside each seed's, tuned baselines say what they chose", async () => {
    const { stdout } = await evaluate(
      ...["--json", "--preset", "lite", "--epochs", "1", "--seeds", "3,4", "--tune-baselines"],
      ...["--baselines", "popularity,ials", "--history-lengths", "0,2", "--min-user-events", "2"],
      ...["--diversity", "0.3"],
    );
    const summary = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
    const names = ["two-tower", "two-tower, diversity 0.3", "popularity", "ials"];
    const namesOf = (models: { name: string }[]) => models.map(({ name }) => name);
    expect(namesOf(summary.models)).toEqual(names);
    expect(summary.testUsers).toBe(8);
    expect(summary.differences.length).toBe(2 * 2);
    expect(summary.seeds.map(({ seed }: { seed: number }) => seed)).toEqual([3, 4]);
    for (const { models, training, historyCurve } of summary.seeds) {
      expect(namesOf(models)).toEqual(names);
      expect(Object.keys(models[3].chosen)).toContain("validationNdcg");
      expect(training.bestEpoch).toBe(1);
      expect(historyCurve.points.map(({ length }: { length: number }) => length)).toEqual([0, 2]);
    }
    const [first, second] = summary.seeds.map((seed: typeof summary) => seed.models[2].metrics["ndcg@10"]);
    expect(summary.models[2].metrics["ndcg@10"]).toBeCloseTo((first + second) / 2, 12);
    // Two trainings and two tunings in one process: a machine that is busy with other tests takes its time.
  }, 180_000);

  test("a threshold, an order and a choice of baselines count", async () => {
    const order = join(folder, "order.csv");
    const lines = Array.from({ length: 40 }, (_, u) =>
      Array.from({ length: 30 }, (_, m) => `${u + 1},${m + 1},${29 - m}`).join("\n"),
    );
    await writeFile(order, `user_id,movie_id,position\n${lines.join("\n")}\n`);
    const { stdout, stderr } = await evaluate(
      ...["--json", "--baselines-only", "--baselines", "popularity,ease", "--protocol", "last"],
      ...["--order", order, "--min-rating", "4", "--min-item-events", "1"],
    );
    const summary = JSON.parse(stdout);
    expect(summary.models.map(({ name }: { name: string }) => name)).toEqual(["popularity", "ease"]);
    expect(summary.interactions).toBeLessThan(400);
    expect(stderr).toContain("HR@10");
  });

  test.each([
    ["an unknown protocol", ["--protocol", "loo"], 2],
    ["an unknown baseline", ["--baselines", "magic"], 2],
    ["an order that is not there", ["--protocol", "last", "--order", "nowhere.csv"], 1],
    ["an order for another protocol", ["--order", main], 1],
    ["a page of several seeds", ["--seeds", "1,2", "--html", "report.html"], 1],
    ["a list of no seeds", ["--seeds", ","], 2],
  ])("%s ends with a clear error", async (_name, args, code) => {
    const failure = await evaluate(...args).then(
      () => undefined,
      (error: { code: number; stderr: string }) => error,
    );
    expect(failure?.code).toBe(code);
    expect(failure?.stderr).toMatch(/^error: /);
    expect(failure?.stderr).not.toContain("    at ");
  });
});
