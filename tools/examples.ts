import { readSourceText } from "./source-text.ts";

/** One code block of the documentation. */
export interface Example {
  /** Where it stands: `src/base/random.ts:71`. */
  readonly place: string;
  readonly code: string;
  /** False for a block opened with "ts no-run": it is typechecked only. */
  readonly runs: boolean;
}

/**
 * The TypeScript blocks of a Markdown file, or those that follow `@example` in a source file's doc comments.
 *
 * @param path Named in `place`; `.ts` means a source file.
 * @param text The file.
 * @returns In order.
 */
export function findExamples(path: string, text: string): Example[] {
  const examples: Example[] = [];
  const source = path.endsWith(".ts");
  let open: { line: number; runs: boolean; code: string[] } | undefined;
  for (const [index, raw] of text.split("\n").entries()) {
    const line = source ? raw.replace(/^\s*\* ?/, "") : raw;
    if (source && !/^\s*\*/.test(raw)) open = undefined;
    else if (open === undefined) {
      const fence = /^```ts(?<mode> no-run)?\s*$/.exec(line);
      if (fence !== null) open = { line: index + 1, runs: fence.groups?.["mode"] === undefined, code: [] };
    } else if (/^```\s*$/.test(line)) {
      examples.push({ place: `${path}:${open.line}`, code: open.code.join("\n"), runs: open.runs });
      open = undefined;
    } else open.code.push(line);
  }
  return examples;
}

/** Options of {@link exampleModule}. */
export interface ExampleModuleOptions {
  /**
   * Names that an example may use without declaring them, as `database` or `model`, and the module that exports each.
   * @default none
   */
  readonly setting?: Readonly<Record<string, string>>;
}

/**
 * Makes a block a module that fails where the block lies: `expression; // value` asserts the value when it is JSON.
 *
 * @param code The block.
 * @param options What it may take as given.
 * @returns TypeScript.
 */
export function exampleModule(code: string, { setting = {} }: ExampleModuleOptions = {}): string {
  const lines = code.split("\n").map((line) => {
    const claim =
      /^(?!\s|\/\/|(?:const|let|import|export|type|interface|return|for|if|\})\b)(.+?);\s+\/\/ (.+)$/.exec(
        line,
      );
    if (claim === null || !isJson(claim[2]!)) return line;
    return `__assert.deepEqual(${claim[1]}, ${claim[2]});`;
  });
  const { code: words } = readSourceText(code);
  const given = Object.entries(setting)
    .filter(([name]) => new RegExp(`(?<![.\\w$])${name}(?![\\w$]|:)`).test(words))
    .filter(
      ([name]) => !new RegExp(`(?:const|let|function|import)\\b[^;=]*\\b${name}\\b[^;]*[=;:(]`).test(words),
    )
    .map(([name, path]) => `import { ${name} } from "${path}";`);
  const head = ['import __assert from "node:assert/strict";', ...given].join(" ");
  return [head, ...lines, "export {};", "void __assert;", ""].join("\n");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * The files that a Markdown document links to.
 *
 * @param text The document.
 * @returns Relative targets without their fragment, in order; links to the web are left out.
 */
export function linkedFiles(text: string): string[] {
  return Array.from(text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g), ([, target]) => target!);
}
