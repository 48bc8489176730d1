import { expect, test } from "vitest";
import { missingEntries } from "./check-lock.ts";

test("[PK1] an optional package that the lock names is in the lock", () => {
  const packages = {
    "": {},
    "node_modules/tool": {
      version: "1.0.0",
      dev: true,
      license: "MIT",
      optionalDependencies: {
        "@tool/linux-x64": "1.0.0",
        "@tool/linux-x64-musl": "1.0.0",
        "@tool/darwin-arm64": "1.0.0",
      },
    },
    "node_modules/@tool/linux-x64": { version: "1.0.0" },
  };
  expect([...missingEntries(packages)]).toEqual([
    [
      "node_modules/@tool/linux-x64-musl",
      {
        version: "1.0.0",
        cpu: ["x64"],
        dev: true,
        libc: ["musl"],
        license: "MIT",
        optional: true,
        os: ["linux"],
      },
    ],
    [
      "node_modules/@tool/darwin-arm64",
      { version: "1.0.0", cpu: ["arm64"], dev: true, license: "MIT", optional: true, os: ["darwin"] },
    ],
  ]);
});

test("a package in two versions has the optional packages of both, the second's beside it", () => {
  const wants = (version: string) => ({ version, optionalDependencies: { "tool-darwin-x64": version } });
  const packages = {
    "": {},
    "node_modules/tool": wants("2.0.0"),
    "node_modules/other/node_modules/tool": wants("1.0.0"),
    "node_modules/tool-darwin-x64": { version: "1.0.0" },
  };
  expect([...missingEntries(packages)].map(([place, { version }]) => [place, version])).toEqual([
    ["node_modules/tool/node_modules/tool-darwin-x64", "2.0.0"],
  ]);
});
