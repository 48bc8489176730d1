import type { ImportSummary } from "../catalogue/mod.ts";

const shownKinds = 10;

/**
 * An import's summary for a person.
 *
 * @param summary What `runImport` gave.
 * @returns Lines: what became of the rows, the kinds of issues, the first issues in full.
 */
export function describeImport({
  imported,
  resumed,
  rows,
  neutral,
  counts,
  issues,
}: ImportSummary): string[] {
  const of = (count: number): string => count.toLocaleString("en");
  const lines = imported
    ? [
        `${resumed ? "Went on where it stopped and read" : "Read"} ${of(rows)} rows: ${of(counts.inserted)} new, ` +
          `${of(counts.updated)} changed, ${of(counts.unchanged)} unchanged`,
      ]
    : [`Refused: read ${of(rows)} rows and changed nothing, as --strict allows no issue`];
  if (counts.orphaned > 0)
    lines.push(`${of(counts.orphaned)} orphaned: they name an item or a person nobody told of`);
  if (neutral > 0) lines.push(`${of(neutral)} neutral: neither like nor nope`);
  if (issues.total === 0) return lines;
  lines.push(`${of(issues.total)} issues:`);
  for (const { file, path, expected, count } of issues.kinds.slice(0, shownKinds)) {
    lines.push(`  ${of(count)} × ${file}${path === "" ? "" : ` ${path}`}: expected ${expected}`);
  }
  if (issues.kinds.length > shownKinds) lines.push(`  … and ${issues.kinds.length - shownKinds} more kinds`);
  lines.push("The first of them:");
  for (const { file, line, path, expected, received } of issues.first) {
    lines.push(
      `  ${file}:${line}${path === "" ? "" : ` ${path}`}: expected ${expected}, received "${received}"`,
    );
  }
  return lines;
}
