import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sourceFiles } from "./check-imports.ts";
import { exampleModule, findExamples } from "./examples.ts";

// Typechecks every example of the documentation as a user would write it, then runs it, each in its own folder.
const folder = ".cache/examples";
const windows = process.platform === "win32";
const documents = ["README.md", ...readdirSync("docs").map((name) => `docs/${name}`)].filter(
  (path) => path.endsWith(".md") && path !== "docs/api.md",
);
// What no user imports is not shown to users: tests, conformance suites, the command line's own parts.
const sources = sourceFiles(".").filter((path) =>
  /^src\/(?!cli\/)(?!.*\.(?:test|conformance)\.ts$)/.test(path),
);
const examples = [...documents, ...sources].flatMap((path) => findExamples(path, readFileSync(path, "utf8")));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const files = examples.map(({ place, code, runs }) => {
  const file = `${place.replace(/[^A-Za-z0-9]+/g, "-")}.ts`;
  writeFileSync(join(folder, file), exampleModule(code));
  return { place, file, runs };
});
writeFileSync(
  join(folder, "tsconfig.json"),
  JSON.stringify({ extends: "../../tsconfig.json", include: ["*.ts"] }),
);

let failed = 0;
const types = spawnSync("tsc", ["-p", folder, "--pretty", "false"], { encoding: "utf8", shell: windows });
// What an unfinished source lacks is the types step's to report.
for (const line of types.stdout.split("\n")) {
  const place = files.find(({ file }) => line.includes(`${file}(`))?.place;
  if (place === undefined) continue;
  failed++;
  console.error(`${place} ${line}`);
}
for (const { place, file, runs } of files) {
  if (!runs) continue;
  const { status, stderr } = spawnSync(
    process.execPath,
    ["--conditions=futago-source", "--disable-warning=ExperimentalWarning", file],
    { encoding: "utf8", cwd: folder, timeout: 60_000 },
  );
  if (status === 0) continue;
  failed++;
  console.error(`${place} Cannot run this example\n${stderr}`);
}
console.log(
  `${examples.length} examples, ${files.filter(({ runs }) => runs).length} of them run, ${failed} failures`,
);
if (failed > 0) process.exitCode = 1;
