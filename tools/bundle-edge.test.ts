import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleEdge, type EdgeFile } from "./bundle-edge.ts";
import { functionFolders } from "./function-folders.ts";

let folder = "";
let files: readonly EdgeFile[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "futago-bundle-"));
  files = await bundleEdge(folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const importsOf = (code: string): string[] =>
  [...code.matchAll(/\b(?:import|export)\b[^;"'`()]*?["']([^"']+)["']|\bimport\([`"']([^`"']+)[`"']\)/g)].map(
    ([, from, later]) => (from ?? later)!,
  );

/** A function's file and every part that is reached from it, by whatever tells the imports of a file. */
function loadedBy(name: string, imports = importsOf): readonly EdgeFile[] {
  const loaded = new Map<string, EdgeFile>();
  const load = (path: string): void => {
    const file = files.find((file) => file.path === path);
    if (file === undefined || loaded.has(path)) return;
    loaded.set(path, file);
    for (const from of imports(file.code)) load(join(path, "..", from));
  };
  load(`${name}.js`);
  return [...loaded.values()];
}

const modulesOf = (name: string): string[] => loadedBy(name).flatMap(({ modules }) => modules);

test("[ED8] the bundle holds no embedded database, no native library, no files and no migrations", () => {
  const unwanted =
    /pglite|onnxruntime|pino|commander|hono-node-server|migrate\.ts|blob-fs|open-embedded|zod\/v4\/classic|kysely\/dist\/schema\//;
  expect(files.flatMap(({ modules }) => modules).filter((id) => unwanted.test(id))).toEqual([]);
});

test("there is a file for every function, and none loads what only others need", () => {
  const entries = files.map(({ path }) => path).filter((path) => !path.startsWith("parts/"));
  expect(entries.sort()).toEqual(functionFolders().map((name) => `${name}.js`));
  const [towers, jobs] = [/src\/(?:onnx|towers|recommend)\//, /src\/(?:jobs|sync)\//];
  expect(modulesOf("two_tower_recommendations").some((id) => towers.test(id))).toBe(true);
  expect(modulesOf("run_jobs").some((id) => jobs.test(id))).toBe(true);
  expect(modulesOf("events").filter((id) => towers.test(id) || jobs.test(id))).toEqual([]);
  expect(modulesOf("two_tower_recommendations").filter((id) => jobs.test(id))).toEqual([]);
  expect(modulesOf("run_jobs").filter((id) => towers.test(id))).toEqual([]);
});

test("a function that recommends reads what opens a model when it opens one, and no sooner", () => {
  const atOnce = (code: string): string[] =>
    [...code.replaceAll(/^\/\/.*$/gm, "").matchAll(/(?<=^|;)import [^;]*?"(\.[^"]+)";/gm)].map(
      ([, from]) => from!,
    );
  const read = loadedBy("two_tower_recommendations", atOnce).flatMap(({ modules }) => modules);
  expect(read.some((id) => id.endsWith("src/recommend/inference-engine.ts"))).toBe(true);
  expect(read.filter((id) => /load-model|portable-runtime|explain-item|score-parts/.test(id))).toEqual([]);
  const all = modulesOf("two_tower_recommendations");
  for (const later of ["load-model", "portable-runtime"]) expect(all.join()).toContain(later);
});

test("[ED10] of Node a function loads buffers and events at most, and it counts on none of its globals", () => {
  const loaded = new Set<string>();
  for (const { path, code } of files) {
    // As free names: not members, not names of something of its own.
    expect(code, path).not.toMatch(
      /(?<![\w$.])(?:Buffer|setImmediate|clearImmediate|process|global)\.|process\.env/,
    );
    for (const from of importsOf(code)) if (!/^\.\.?\/[\w/-]+\.js$/.test(from)) loaded.add(from);
  }
  expect([...loaded].sort()).toEqual(["node:buffer", "node:events"]);
});

test("[ED13] deploying by Supabase's own bundler finds every file that a function may import", () => {
  // Its pattern, as its command line has it: https://github.com/supabase/cli, internal/functions/deploy.
  const pattern =
    /(?:import|export)\s+(?:\{[^{}]+\}|.*?)\s*(?:from)?\s*['"](.*?)['"]|import\(\s*['"](.*?)['"]\)/gi;
  const byPattern = (code: string): string[] =>
    [...code.matchAll(pattern)]
      .map(([, from, later]) => from || later || "")
      .filter((target) => /^\.\.?\//.test(target));
  const paths = (of: readonly EdgeFile[]): string[] => of.map(({ path }) => path).sort();
  for (const name of functionFolders())
    expect(paths(loadedBy(name, byPattern)), name).toEqual(paths(loadedBy(name)));
});

test("it is far below the platform's 20 MB", () => {
  expect(files.reduce((sum, { code }) => sum + code.length, 0)).toBeLessThan(1_000_000);
});
