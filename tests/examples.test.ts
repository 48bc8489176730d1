import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const run = promisify(execFile);
const examples = readdirSync("examples").filter((name) => name.endsWith(".ts"));
const expected: Readonly<Record<string, RegExp>> = {
  "library.ts": /two_tower: video-.*\nafter liking video-\d+: .*\nbest of three: video-\d+ video-\d+\n$/,
  "service.ts": /^200 from popularity: 3 recommendations\n$/,
};

describe("examples", () => {
  test.each(examples)("%s runs and prints what it promises", async (name) => {
    const { stdout } = await run(process.execPath, ["--conditions=futago-source", `examples/${name}`], {
      timeout: 50_000,
    });
    expect(stdout).toMatch(expected[name]!);
  });
});
