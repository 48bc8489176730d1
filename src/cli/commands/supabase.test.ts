import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { bundleEdge } from "../../../tools/bundle-edge.ts";
import { functionFolders } from "../../../tools/function-folders.ts";
import { main } from "../main.ts";
import { mergeConfig } from "../supabase/merge-config.ts";

let project = "";

beforeAll(async () => {
  await bundleEdge();
});
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), "futago-supabase-"));
});
afterEach(() => rm(project, { recursive: true, force: true }));

interface Result {
  readonly written: readonly string[];
  readonly updated: readonly string[];
  readonly unchanged: number;
  readonly kept: readonly string[];
  readonly config: { readonly added: readonly string[]; readonly verifying: readonly string[] };
}

async function init(...options: string[]): Promise<Result> {
  let text = "";
  const spy = vi.spyOn(process.stdout, "write").mockImplementation((line) => {
    text += String(line);
    return true;
  });
  const quiet = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    expect(await main(["supabase", "init", project, "--json", ...options])).toBe(0);
  } finally {
    spy.mockRestore();
    quiet.mockRestore();
  }
  return JSON.parse(text) as Result;
}

const at = (path: string): string => join(project, "supabase", path);
const entry = "functions/events/index.ts";
const bundle = "functions/_shared/events.js";

describe("futago supabase init", () => {
  test("writes every function, what they import, every migration and the configuration", async () => {
    const { written, kept, config } = await init();
    const names = functionFolders();
    expect(written).toEqual(expect.arrayContaining(names.map((name) => `functions/${name}/index.ts`)));
    expect(written).toEqual(expect.arrayContaining([bundle, "migrations/20261120000000_tables.sql"]));
    expect(kept).toEqual([]);
    expect(config.added).toEqual(names);
    for (const path of [bundle, entry, "functions/events/deno.json"]) {
      expect(await readFile(at(path), "utf8")).toBe(await readFile(`supabase/${path}`, "utf8"));
    }
  });

  test("[ED4] run again it changes nothing, and what was changed in the project is kept until it is forced", async () => {
    const first = await init();
    expect(await init()).toMatchObject({
      written: [],
      updated: [],
      unchanged: first.written.length,
      config: { added: [] },
    });
    await appendFile(at(entry), "// ours\n");
    await rm(at(bundle));
    expect(await init()).toMatchObject({ written: [bundle], updated: [], kept: [entry] });
    expect(await readFile(at(entry), "utf8")).toContain("// ours");
    expect(await init("--force")).toMatchObject({ updated: [entry], kept: [] });
    expect(await readFile(at(entry), "utf8")).not.toContain("// ours");
  });

  test("a file of an earlier release that nobody changed is brought up to date", async () => {
    await init();
    const record = at("functions/_shared/futago.json");
    const { files } = JSON.parse(await readFile(record, "utf8")) as { files: Record<string, string> };
    // As if an earlier release had written this text.
    await writeFile(at(entry), "earlier");
    const hash = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from("earlier"))).toString("hex");
    await writeFile(record, JSON.stringify({ files: { ...files, [entry]: hash } }));
    expect(await init()).toMatchObject({ updated: [entry], kept: [] });
  });

  test("a project's config.toml keeps every line, and gets the sections that it lacks", async () => {
    await init();
    const theirs = 'project_id = "shop"\n\n[functions.events]\nverify_jwt = true\n\n[auth]\nenabled = true\n';
    await writeFile(at("config.toml"), theirs);
    const { config } = await init();
    const text = await readFile(at("config.toml"), "utf8");
    expect(text.startsWith(theirs)).toBe(true);
    expect(config.added).toEqual(functionFolders().filter((name) => name !== "events"));
    expect(config.verifying).toEqual(["events"]);
    expect(text.match(/^\[functions\.events\]/gm)).toHaveLength(1);
  });
});

describe("mergeConfig()", () => {
  const ours = "# why\n\n[functions.a]\nverify_jwt = false\n\n[functions.b]\nverify_jwt = false\n";

  test("is ours where there is none, and theirs where nothing is missing", () => {
    expect(mergeConfig(undefined, ours)).toEqual({ text: ours, added: ["a", "b"], verifying: [] });
    expect(mergeConfig(ours, ours)).toEqual({ text: ours, added: [], verifying: [] });
  });

  test("knows a section whose name is quoted", () => {
    const theirs = '[functions."a"]\nverify_jwt = false # ours\n[functions.b]\n';
    expect(mergeConfig(theirs, ours)).toEqual({ text: theirs, added: [], verifying: ["b"] });
  });
});
