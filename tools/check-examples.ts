import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sourceFiles } from "./check-imports.ts";
import { exampleModule, findExamples, linkedFiles } from "./examples.ts";

// Typechecks every example of the documentation as a user would write it, runs it, and follows the documents' links.
const folder = ".cache/examples";
// Each of these files exports what its name says, for examples that begin where there is a database or a model.
const setting = Object.fromEntries(
  readdirSync("tools/setting").map((file) => [file.replace(/\.ts$/, ""), `../../tools/setting/${file}`]),
);
const windows = process.platform === "win32";
const documents = [
  "README.md",
  "README.ja.md",
  "examples/nextjs/README.md",
  ...readdirSync("docs", { recursive: true, encoding: "utf8" }).map((name) =>
    join("docs", name).replaceAll("\\", "/"),
  ),
].filter((path) => path.endsWith(".md") && path !== "docs/api.md");
// What no user imports is not shown to users: tests, conformance suites, the command line's own parts.
const sources = sourceFiles(".").filter((path) =>
  /^src\/(?!cli\/)(?!.*\.(?:test|conformance)\.ts$)/.test(path),
);
const examples = [...documents, ...sources].flatMap((path) => findExamples(path, readFileSync(path, "utf8")));

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const files = examples.map(({ place, code, runs }) => {
  const file = `${place.replace(/[^A-Za-z0-9]+/g, "-")}.ts`;
  writeFileSync(join(folder, file), exampleModule(code, { setting }));
  return { place, file, runs };
});
writeFileSync(
  join(folder, "tsconfig.json"),
  JSON.stringify({ extends: "../../tsconfig.json", include: ["*.ts"] }),
);

let failed = 0;
for (const path of [...documents, "CONTRIBUTING.md", "CHANGELOG.md"]) {
  for (const target of linkedFiles(readFileSync(path, "utf8"))) {
    if (existsSync(join(dirname(path), target))) continue;
    failed++;
    console.error(`${path} links to ${target}, which does not exist`);
  }
}
const types = spawnSync("tsc", ["-p", folder, "--pretty", "false"], { encoding: "utf8", shell: windows });
// What an unfinished source lacks is the types step's to report.
for (const line of types.stdout.split("\n")) {
  const place = files.find(({ file }) => line.includes(`${file}(`))?.place;
  if (place === undefined) continue;
  failed++;
  console.error(`${place} ${line}`);
}

// All in one process, one after the other: a model is trained once for all that use one.
const running = files.filter(({ runs }) => runs);
writeFileSync(
  join(folder, "run.ts"),
  `for (const file of ${JSON.stringify(running.map(({ file }) => file))}) {
    try { await import("./" + file); } catch (error) { console.error(file, error); }
  }
  process.exit();`,
);
const { stderr, signal } = spawnSync(
  process.execPath,
  ["--conditions=futago-source", "--disable-warning=ExperimentalWarning", "run.ts"],
  { encoding: "utf8", cwd: folder, timeout: 240_000 },
);
if (signal !== null) {
  failed++;
  console.error(`Cannot finish the examples within four minutes: ended by ${signal}`);
}
for (const { place, file } of running) {
  if (!stderr.includes(file)) continue;
  failed++;
  console.error(`${place} Cannot run this example`);
}
if (failed > 0) console.error(stderr);
console.log(`${examples.length} examples, ${running.length} of them run, ${failed} failures`);
if (failed > 0) process.exitCode = 1;
