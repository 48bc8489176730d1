import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { folderOrder } from "./check-imports.ts";
import { type Declaration, readDeclarations } from "./declarations.ts";

// Writes docs/api.md, the list of what the package exports, so that a change of it shows in the diff.
// `--check` compares instead, and fails where an export has no doc comment.
const emitted = ".cache/declarations";
const listing = "docs/api.md";

const check = process.argv.includes("--check");
rmSync(emitted, { recursive: true, force: true });
// Type errors are the types step's to report: declarations are emitted beside them.
spawnSync(
  "tsc",
  ["-p", "tsconfig.build.json", "--emitDeclarationOnly", "--declarationMap", "false", "--outDir", emitted],
  { shell: process.platform === "win32" },
);

const { exports: entries } = JSON.parse(readFileSync("package.json", "utf8")) as {
  exports: Record<string, string | { "futago-source": string }>;
};
const undocumented: string[] = [];
let text =
  "# What the package exports\n\nWritten by `npm run api`; the gate fails where it is out of date.\n";
for (const [path, entry] of Object.entries(entries)) {
  if (typeof entry === "string") continue;
  const file = entry["futago-source"].replace(/^\.\/src\/|\.ts$/g, "");
  const declarations = [...readDeclarations(emitted, file)].sort((a, b) => orderOf(a) - orderOf(b));
  text += `\n## \`${path === "." ? "futago" : `futago${path.slice(1)}`}\`\n`;
  for (const [folder, members] of Map.groupBy(declarations, folderOf)) {
    text += `\n### ${folder}\n\n\`\`\`ts\n${members.map(render).join("\n\n")}\n\`\`\`\n`;
  }
  undocumented.push(
    ...declarations.filter(({ doc }) => doc === "").map(({ name, file }) => `${file}.ts: ${name}`),
  );
}

const documented = new Set(undocumented);
for (const each of documented) console.error(`Cannot list ${each} as every export must have a doc comment`);
if (!check) writeFileSync(listing, text);
else if (readFileSync(listing, "utf8") !== text) {
  console.error(
    `Cannot accept ${listing} as it must list the exports: run npm run api and look at the difference`,
  );
  process.exitCode = 1;
}
if (documented.size > 0) process.exitCode = 1;
console.log(`${text.match(/^\/\/ /gm)?.length ?? 0} exports in ${listing}`);

function folderOf({ file }: Declaration): string {
  return file.split("/").slice(0, -1).join("/") || "src";
}

function orderOf(declaration: Declaration): number {
  return folderOrder.indexOf(folderOf(declaration).split("/")[0] as (typeof folderOrder)[number]);
}

function render({ doc, text: declaration }: Declaration): string {
  const sentence = /^[\s\S]*?(?:\.(?=\s|$)|$)/.exec(doc)?.[0].replace(/\s+/g, " ");
  return `// ${sentence}\n${declaration.replace(/^export (?:declare )?/gm, "")}`;
}
