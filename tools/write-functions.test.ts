import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { functionFolders, supabaseFolder } from "./function-folders.ts";
import { functionFiles, functionNames } from "./write-functions.ts";

test("[ED1] every route of the service has its function, and every function its route", async () => {
  expect(functionFolders()).toEqual(await functionNames());
});

test("[ED2] entries and configuration are what npm run functions writes", async () => {
  for (const [path, text] of functionFiles(await functionNames())) {
    expect(readFileSync(join(supabaseFolder, path), "utf8"), path).toBe(text);
  }
});
