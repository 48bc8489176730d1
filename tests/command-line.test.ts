import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let home = "";

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "futago-cli-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function futago(...args: string[]): Promise<Ended> {
  const { DATABASE_URL: _, FUTAGO_DEBUG: __, ...env } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["bin/futago.mjs", ...args],
      { env: { ...env, FUTAGO_HOME: home }, timeout: 120_000 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await futago(...args, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, unknown>;
}

describe("usage", () => {
  test("--version is that of the package", async () => {
    const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
    expect((await futago("--version")).stdout.trim()).toBe(version);
  });

  test("--help lists every command and ends with 0", async () => {
    const { code, stdout } = await futago("--help");
    expect(code).toBe(0);
    for (const name of [
      "start",
      "import",
      "train",
      "evaluate",
      "embed",
      "recommend",
      "serve",
      "models",
      "users",
      "takedown",
      "doctor",
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
    }
  });

  test.each([
    "start",
    "import",
    "train",
    "evaluate",
    "embed",
    "recommend",
    "serve",
    "models",
    "supabase",
    "doctor",
  ])("%s --help shows examples", async (name) => {
    const { code, stdout } = await futago(name, "--help");
    expect(code).toBe(0);
    expect(stdout).toContain(`futago ${name}`);
    expect(stdout).toContain("Examples:");
  });

  test.each([
    [["nonsense"], /unknown command 'nonsense'/],
    [["train", "--epochs", "many"], /--epochs.*whole number from 1/s],
    [["train", "--preset", "huge"], /Allowed choices are standard, lite/],
    [["recommend"], /missing required argument 'viewer'/],
    [["serve", "--port", "70000"], /whole number from 0 to 65535/],
  ])("wrong usage %j ends with 2 and says what is wrong", async (args, says) => {
    const { code, stderr } = await futago(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
  });

  test("a failure is one line without a stack, and ends with 1", async () => {
    const { code, stderr } = await futago("doctor", "--db-url", "postgres://127.0.0.1:1/none", "--quiet");
    expect(code).toBe(1);
    expect(stderr).not.toMatch(/ {4}at /);
    const served = await futago("serve", "--host", "0.0.0.0", "--quiet");
    expect(served.code).toBe(1);
    expect(served.stderr).toMatch(
      /error: Cannot listen on "0.0.0.0" as without an API key it must be 127.0.0.1/,
    );
    expect(served.stderr.trim().split("\n")).toHaveLength(1);
  }, 120_000);
});

describe("the path by hand", () => {
  test("import, train, promote, recommend, roll back, each by its command", async () => {
    expect(await json("import", "demo")).toMatchObject({ imported: true });
    const first = await json(
      "train",
      "--preset",
      "lite",
      "--epochs",
      "1",
      "--update-db",
      "--output-dir",
      join(home, "out"),
    );
    expect(first).toMatchObject({ active: true });
    expect(await readdir(join(home, "out", "models", String(first["version"])))).toContain("manifest.json");
    const second = await json(
      "train",
      "--preset",
      "lite",
      "--epochs",
      "1",
      "--seed",
      "2",
      "--description",
      "another",
    );
    expect(second).toMatchObject({ active: false });
    const listed = (await json("models", "list"))["versions"] as { version: string; status: string }[];
    expect(listed.map(({ version, status }) => [version, status])).toEqual([
      [second["version"], "candidate"],
      [first["version"], "active"],
    ]);
    expect(await json("models", "promote", String(second["version"]))).toMatchObject({ status: "active" });
    const answer = await json("recommend", "viewer-0001", "--limit", "3");
    expect(answer).toMatchObject({ source: "two_tower", model_version: second["version"] });
    expect(answer["recommendations"]).toHaveLength(3);
    expect(await json("models", "rollback")).toMatchObject({ version: first["version"], status: "active" });
    expect(await json("embed")).toMatchObject({
      videos: { embedded: 0, unchanged: 3200 },
      viewers: { embedded: 0, unchanged: 1000 },
    });
    const doctor = await futago("doctor");
    expect(doctor.code, doctor.stdout).toBe(0);
    expect(doctor.stdout).toMatch(/^ok +model: /m);
  }, 300_000);
});
