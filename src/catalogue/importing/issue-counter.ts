import type { RowIssue } from "../issue.ts";

/** Issues of one import: how many of which kind, and the first few in full. */
export interface IssueSummary {
  readonly total: number;
  /** Most frequent first. */
  readonly kinds: readonly IssueKindCount[];
  /** In the order in which they were met. */
  readonly first: readonly RowIssue[];
}

/** Issues alike in file, path and expectation. */
export interface IssueKindCount {
  readonly file: string;
  readonly path: string;
  readonly expected: string;
  readonly count: number;
}

/** Issues kept in full by {@link createIssueCounter}; the rest are only counted. */
export const keptIssues = 10;

// So that a file with millions of different problems cannot fill the memory.
const maxKinds = 200;

/**
 * Counts issues in constant memory.
 *
 * @returns `add` for each issue as it is met, `summary` at any time.
 */
export function createIssueCounter(): { add(issue: RowIssue): void; summary(): IssueSummary } {
  const kinds = new Map<string, { readonly issue: RowIssue; count: number }>();
  const first: RowIssue[] = [];
  let total = 0;
  return {
    add(issue) {
      total++;
      if (first.length < keptIssues) first.push(issue);
      const key = JSON.stringify([issue.file, issue.path, issue.expected]);
      const known = kinds.get(key) ?? (kinds.size < maxKinds ? undefined : kinds.get("other"));
      if (known !== undefined) known.count++;
      else if (kinds.size < maxKinds - 1) kinds.set(key, { issue, count: 1 });
      else kinds.set("other", { issue: { ...issue, file: "", path: "", expected: "other" }, count: 1 });
    },
    summary: () => ({
      total,
      kinds: [...kinds.values()]
        .map(({ issue: { file, path, expected }, count }) => ({ file, path, expected, count }))
        .sort((a, b) => b.count - a.count),
      first: [...first],
    }),
  };
}
