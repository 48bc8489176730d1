import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleEdge } from "./bundle-edge.ts";

let folder = "";
let modules: readonly string[] = [];
let code = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "futago-bundle-"));
  modules = await bundleEdge(join(folder, "futago.js"));
  code = await readFile(join(folder, "futago.js"), "utf8");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("[ED8] the edge bundle holds no embedded database, no native library, no files and no migrations", () => {
  const unwanted =
    /pglite|onnxruntime|pino|commander|hono-node-server|zod-openapi|migrate\.ts|blob-fs|open-embedded/;
  expect(modules.filter((id) => unwanted.test(id))).toEqual([]);
  expect(modules.some((id) => id.endsWith("adapters/postgres/open-server.ts"))).toBe(true);
  expect(code).not.toContain("node:fs");
  expect(code).not.toContain("process.env");
});

test("it counts on no global of Node's, which Supabase's runtime does not have", () => {
  // As free names: not members, not names of something of its own.
  expect(code).not.toMatch(/(?<![\w$.])(?:Buffer|setImmediate|clearImmediate|process|global)\./);
});

test("it is one file that imports nothing but modules of the runtime, and far below the platform's 20 MB", () => {
  const imported = [...code.matchAll(/\bimport\b[^;"'()]*?["']([^"']+)["']/g)].map(([, from]) => from!);
  expect(imported.length).toBeGreaterThan(0);
  expect(imported.filter((from) => !from.startsWith("node:"))).toEqual([]);
  expect(code).not.toMatch(/\bimport\(/);
  expect(code.length).toBeLessThan(1_000_000);
});
