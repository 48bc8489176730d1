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

/**
 * Makes a block a module that fails where the block lies: `expression; // value` asserts the value when it is JSON.
 *
 * @param code The block.
 * @returns TypeScript.
 */
export function exampleModule(code: string): string {
  const lines = code.split("\n").map((line) => {
    const claim =
      /^(?!\s|\/\/|(?:const|let|import|export|type|interface|return|for|if|\})\b)(.+?);\s+\/\/ (.+)$/.exec(
        line,
      );
    if (claim === null || !isJson(claim[2]!)) return line;
    return `__assert.deepEqual(${claim[1]}, ${claim[2]});`;
  });
  return ['import __assert from "node:assert/strict";', ...lines, "export {};", "void __assert;", ""].join(
    "\n",
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
