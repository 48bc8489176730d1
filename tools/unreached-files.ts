import { posix } from "node:path";
import { readSourceText } from "./source-text.ts";

/** Where programs begin. */
const entries = /^(?:src\/mod|src\/cli\/(?:main|mod)|src\/adapters\/[^/]+\/mod|apps\/[^/]+\/main)\.ts$/;

/**
 * The files of `src/` that no program gets to: left behind, or helping only tests.
 *
 * @param files All files with their text.
 * @returns Their paths; tests and conformance suites are not counted.
 */
export function findUnreached(
  files: readonly { readonly path: string; readonly source: string }[],
): readonly string[] {
  const sources = new Map(files.map(({ path, source }) => [path, source]));
  const reached = new Set<string>();
  const waiting = [...sources.keys()].filter((path) => entries.test(path));
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const source = sources.get(path);
    if (source === undefined || reached.has(path)) continue;
    reached.add(path);
    for (const [, target] of readSourceText(source).withoutComments.matchAll(/"(\.{1,2}\/[^"\n]+\.ts)"/g)) {
      waiting.push(posix.join(posix.dirname(path), target!));
    }
  }
  return [...sources.keys()].filter(
    (path) => path.startsWith("src/") && !reached.has(path) && !/\.(?:test|conformance)\.ts$/.test(path),
  );
}
