import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { generateDemo } from "../src/catalogue/mod.ts";

// The processes here are real and die by SIGKILL, at moments that depend on the machine; what must hold does not.
let home = "";

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "futago-kill-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly killed: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command; kills it when `killAt` is found in what it says. */
function futago(args: readonly string[], killAt?: RegExp): Promise<Ended> {
  const { DATABASE_URL: _, ...env } = process.env;
  const child = spawn(process.execPath, ["bin/futago.mjs", ...args, "--json"], {
    env: { ...env, FUTAGO_HOME: home },
  });
  let stdout = "";
  let stderr = "";
  let killed = false;
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
    if (killed || killAt === undefined || !killAt.test(stderr)) return;
    killed = true;
    child.kill("SIGKILL");
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, killed, stdout, stderr })));
}

async function result(args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await futago(args);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, unknown>;
}

describe("kill -9, and the same command again", () => {
  test("import, training and embedding end as if nothing had happened", async () => {
    // The first task's end is the first thing that is said: the second is then under way.
    const importing = await futago(["import", "demo"], /demo items: \d/);
    expect(importing.killed).toBe(true);
    expect(await result(["import", "demo"])).toMatchObject({ imported: true, counts: { orphaned: 0 } });
    // Once more: everything is there, once.
    const { items, people, events } = generateDemo({ seed: 1 });
    const rows = items.length + people.length + events.length;
    expect(await result(["import", "demo"])).toMatchObject({
      counts: { inserted: 0, updated: 0, unchanged: rows },
    });

    const train = ["train", "--preset", "lite", "--epochs", "2", "--update-db"];
    const training = await futago(train, /Training: \d+/);
    expect(training.killed).toBe(true);
    const embedding = await futago(train, /Trained in/);
    expect(embedding.killed).toBe(true);
    const trained = await result(train);
    const { versions } = (await result(["models", "list"])) as {
      versions: { version: string; status: string }[];
    };
    expect(versions).toMatchObject([{ version: trained["version"], status: "active" }]);
    expect(await result(["embed", "--only", "catalogue"])).toMatchObject({
      videos: { embedded: 0, unchanged: items.length, removed: 0 },
    });
    expect(await result(["models", "verify"])).toMatchObject({ verified: [{ version: trained["version"] }] });
  }, 300_000);
});

test("a second process on one embedded database is refused in one line, and the first goes on", async () => {
  const serving = spawn(process.execPath, ["bin/futago.mjs", "serve", "--port", "0", "--quiet"], {
    env: { ...process.env, DATABASE_URL: "", FUTAGO_HOME: home },
  });
  const url = await new Promise<string>((resolve) => {
    serving.stdout.on("data", (chunk: Buffer) => resolve(/http:\S+/.exec(chunk.toString())?.[0] ?? ""));
  });
  const second = await futago(["models", "list"]);
  expect(second.code).toBe(1);
  expect(second.stderr.trim().split("\n")).toHaveLength(1);
  expect(second.stderr).toMatch(/^error: Cannot open the embedded database/);
  expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  const ended = new Promise<number | null>((resolve) => serving.on("close", resolve));
  serving.kill("SIGTERM");
  expect(await ended).toBe(0);
}, 120_000);
