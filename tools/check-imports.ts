import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { lineAt, readSourceText } from "./source-text.ts";
import { findUnreached } from "./unreached-files.ts";

/** The folders of `src/` in the order data flows. A file may import its own folder and those to its left. */
export const folderOrder = [
  "base",
  "graph",
  "onnx",
  "linear",
  "catalogue",
  "features",
  "towers",
  "training",
  "evaluation",
  "tuning",
  "learning",
  "registry",
  "embeddings",
  "recommend",
  "sync",
  "jobs",
  "service",
  "mod.ts",
  "adapters",
  "cli",
] as const;

/** From here on in {@link folderOrder} a file may depend on its platform; everything before runs anywhere. */
const firstPlatformFolder = folderOrder.indexOf("adapters");

/** Packages that run unchanged in Node, Deno and browsers, hence may be imported by the portable folders. */
const portablePackages = ["@noble/hashes", "croner", "hono", "jose", "kysely", "zod"];

/** Words the portable folders must not say, and why. */
const bannedWords: readonly { readonly word: RegExp; readonly reason: string }[] = [
  {
    word: /(?<![.\w$])process(?![\w$]|\s*\??:)/g,
    reason: "`process` exists only in Node: hand the value in",
  },
  { word: /(?<![.\w$])Buffer(?![\w$])/g, reason: "`Buffer` exists only in Node: use Uint8Array" },
  { word: /(?<![.\w$])Deno(?![\w$])/g, reason: "`Deno` exists only in Deno: hand the platform in" },
  { word: /(?<![.\w$])require\s*\(/g, reason: "`require` exists only in Node: import it" },
  {
    word: /import\.meta\.url/g,
    reason: "files beside the source are not deployed to the edge: hand the bytes in",
  },
  { word: /new\s+Function(?![\w$])/g, reason: "edge runtimes and strict CSP refuse compiled strings" },
  { word: /(?<![.\w$])eval\s*\(/g, reason: "edge runtimes and strict CSP refuse compiled strings" },
];

const bannedNames = /(?:^|[/.-])(?:utils?|helpers?|managers?|common|logics?|misc)(?=[/.-]|$)/;
const kebabCase = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+)*\.ts$/;
const lineLimit = 400;

interface Place {
  /** `training`, `adapters/postgres`, `bench`: what is entered through its `mod.ts`. */
  readonly unit: string;
  /** Position in {@link folderOrder}; what lies outside `src/` comes after all of it. */
  readonly rank: number;
}

function placeOf(path: string): Place | undefined {
  const [top, folder, sub] = path.split("/");
  if (top !== "src") return { unit: top === "apps" ? `apps/${folder}` : top!, rank: folderOrder.length };
  const rank = folderOrder.indexOf(folder as (typeof folderOrder)[number]);
  if (rank === -1) return undefined;
  return { unit: folder === "adapters" ? `adapters/${sub}` : folder!, rank };
}

/**
 * Checks one file against the rules of `docs/architecture.md`.
 *
 * @param path From the repository's root, with `/`.
 * @param source Its text.
 * @returns One line for each violation: `path:line message`; empty where there is none.
 */
export function checkSource(path: string, source: string): string[] {
  const problems: string[] = [];
  const { withoutComments, code } = readSourceText(source);
  const report = (position: number, message: string): void => {
    problems.push(`${path}:${lineAt(source, position)} ${message}`);
  };
  const place = placeOf(path);
  if (place === undefined)
    return [`${path}:1 lies in a folder that folderOrder of tools/check-imports.ts does not name`];
  // A test may reach downstream: what it checks often needs a runtime or a store to run on. Tests that span stages lie in
  // tests/, beside no folder of their own, hence enter what they test directly.
  const isTest = path.endsWith(".test.ts");
  const isConformance = path.endsWith(".conformance.ts");
  const portable = place.rank < firstPlatformFolder && !isTest;

  const name = posix.basename(path);
  if (bannedNames.test(path))
    report(0, "is named after no idea: say what it holds instead of utils, helpers, manager or common");
  if (!kebabCase.test(name)) report(0, "must be named in kebab-case");
  const lines = source.split("\n").length - 1;
  if (lines > lineLimit)
    report(0, `has ${lines} lines, more than ${lineLimit}: look for the second idea in it`);

  const statement =
    /(?<=^|[;}]\s*)(?:import|export)\s+(?:(?<what>[^;"'`()]*?)\s*from\s*)?"(?<from>[^"\n]+)"/gm;
  for (const match of withoutComments.matchAll(statement)) {
    const what = match.groups?.["what"] ?? "";
    const at = match.index + match[0].search(/import|export/);
    if (/^(?!type\b)[\w$]+\s*,\s*\{[^}]*\n/.test(what)) {
      report(
        at,
        "mixes a default import with names over several lines, which Supabase's deploy does not see: use two imports",
      );
    }
    checkTarget(match.groups!["from"]!, at);
  }
  for (const match of code.matchAll(/(?<![.\w$])import\s*\(/g)) {
    const literal = /^import\("([^"\n]+)"\)/.exec(withoutComments.slice(match.index));
    if (literal === null) {
      if (place.rank < firstPlatformFolder)
        report(match.index, "must import a string literal on one line: Supabase's deploy sees no other");
    } else checkTarget(literal[1]!, match.index);
  }
  if (portable) {
    for (const { word, reason } of bannedWords) {
      for (const match of code.matchAll(word)) report(match.index, `says ${match[0].trim()}: ${reason}`);
    }
  }
  if (
    name === "mod.ts" &&
    code.replace(/export\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\})\s*from\s*"\s*";?/g, "").trim() !== ""
  ) {
    report(0, "must contain only re-exports");
  }
  return problems;

  function checkTarget(specifier: string, at: number): void {
    if (!specifier.startsWith(".")) {
      checkPackage(specifier, at);
      return;
    }
    const target = posix.normalize(posix.join(posix.dirname(path), specifier));
    const to = placeOf(target);
    if (to === undefined || target.startsWith("..")) {
      report(at, `imports ${specifier}, which lies outside the known folders`);
      return;
    }
    if (to.unit === place!.unit) return;
    if (to.rank >= place!.rank && !isTest && place!.rank < folderOrder.length) {
      report(at, `imports ${to.unit}, which is not upstream of ${place!.unit}: the order is folderOrder`);
    }
    const entered =
      posix.basename(target) === "mod.ts" ||
      (isTest && (target.endsWith(".conformance.ts") || place!.unit === "tests"));
    if (!entered && target.startsWith("src/")) {
      report(at, `must enter ${to.unit} through its mod.ts: current value is ${specifier}`);
    }
  }

  function checkPackage(specifier: string, at: number): void {
    if (!portable) return;
    const name = specifier
      .split("/")
      .slice(0, specifier.startsWith("@") ? 2 : 1)
      .join("/");
    const known = isConformance ? [...portablePackages, "vitest", "fast-check"] : portablePackages;
    if (specifier.startsWith("node:")) {
      report(at, `imports ${specifier}: node: modules do not exist elsewhere, hand the platform in`);
    } else if (!known.includes(name)) {
      report(at, `imports ${name}, which is not known to run everywhere: hand it in from an adapter`);
    }
  }
}

/** The repository's TypeScript files, from its root, sorted. */
export function sourceFiles(root: string): string[] {
  return ["src", "apps", "bench", "examples", "tests", "tools"]
    .flatMap((folder) => readdirSync(posix.join(root, folder), { recursive: true, withFileTypes: true }))
    .filter(
      (entry) =>
        entry.isFile() &&
        entry.name.endsWith(".ts") &&
        // examples/nextjs is a program of its own, laid out and named as its framework wants it.
        !/node_modules|^examples\/nextjs\/|\.generated\.ts$|\.d\.ts$/.test(
          posix.relative(root, posix.join(entry.parentPath, entry.name)),
        ),
    )
    .map((entry) => posix.relative(root, posix.join(entry.parentPath, entry.name)))
    .sort();
}

if (import.meta.main) {
  const files = sourceFiles(".").map((path) => ({ path, source: readFileSync(path, "utf8") }));
  const problems = files.flatMap(({ path, source }) => checkSource(path, source));
  for (const path of findUnreached(files)) {
    problems.push(
      `${path}:1 is reached from no entry: delete it, or name it .conformance.ts where tests alone use it`,
    );
  }
  for (const problem of problems) console.error(problem);
  const sizes = files
    .map(({ path, source }) => ({ path, lines: source.split("\n").length - 1 }))
    .sort((a, b) => b.lines - a.lines);
  const long = sizes.filter(({ lines }) => lines > 150).length;
  const total = sizes.reduce((sum, { lines }) => sum + lines, 0);
  console.log(
    `${files.length} files, ${total} lines, ${long} over 150; longest ${sizes
      .slice(0, 3)
      .map(({ path, lines }) => `${path} ${lines}`)
      .join(", ")}`,
  );
  if (problems.length > 0) process.exitCode = 1;
}
