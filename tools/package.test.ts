import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const root = `${import.meta.dirname}/../`;
const { exports: entries, bin } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as {
  exports: Record<string, string | { "futago-source": string; types: string; default: string }>;
  bin: Record<string, string>;
};

test("[PK2] the package has one entry for the core and one for each adapter, with source, types and code", () => {
  const modules: Record<string, string> = { ".": "mod" };
  for (const adapter of readdirSync(`${root}src/adapters`))
    modules[`./${adapter}`] = `adapters/${adapter}/mod`;
  const expected = Object.entries(modules).map(([path, module]) => [
    path,
    { "futago-source": `./src/${module}.ts`, types: `./dist/${module}.d.ts`, default: `./dist/${module}.js` },
  ]);
  expect(entries).toEqual({ ...Object.fromEntries(expected), "./package.json": "./package.json" });
  for (const path of Object.values(bin)) expect(existsSync(root + path)).toBe(true);
});
