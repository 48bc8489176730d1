import { type Progress, silentProgress } from "../../base/mod.ts";
import type { RowIssue } from "../issue.ts";
import type { CatalogueStore } from "../store.ts";
import type { ImportPlan, ImportRow } from "./import-plan.ts";
import { received } from "./import-plan.ts";
import { byteSteps, startTask, throwIfCancelled } from "./import-progress.ts";
import { createIssueCounter, type IssueSummary } from "./issue-counter.ts";

/** What {@link checkImport} found. */
export interface ImportCheck {
  readonly rows: number;
  readonly neutral: number;
  readonly issues: IssueSummary;
}

/**
 * Reads everything an import would read and writes nothing. Events that name an item or a person that neither the
 * files nor the store hold are issues too; for that the ids of the files are kept in memory.
 *
 * @param plan What to read.
 * @param store Asked for the ids it holds.
 * @param options Progress and cancellation.
 * @returns The issues an import would meet.
 * @throws FutagoError `cancelled` When the signal was aborted.
 */
export async function checkImport(
  plan: ImportPlan,
  store: CatalogueStore,
  options: { readonly progress?: Progress; readonly signal?: AbortSignal } = {},
): Promise<ImportCheck> {
  const issues = createIssueCounter();
  const items = new Set<string>();
  const people = new Set<string>();
  // The first event of each unknown id, to be told of unless the store turns out to hold it.
  const strangeItems = new Map<string, Stray>();
  const strangePeople = new Map<string, Stray>();
  let rows = 0;
  let neutral = 0;
  const take = (row: ImportRow, file: string): void => {
    rows++;
    if (row.kind === "item") items.add(row.item.id);
    else if (row.kind === "person") people.add(row.person.id);
    else if (row.kind === "neutral") neutral++;
    else if (row.kind === "issue") for (const issue of row.issues) issues.add(issue);
    else {
      const { itemId, personId } = row.event;
      if (!items.has(itemId)) meet(strangeItems, itemId, { file, line: row.line });
      if (plan.newPerson === undefined && !people.has(personId)) {
        meet(strangePeople, personId, { file, line: row.line });
      }
    }
  };
  for (const file of plan.files) {
    const task = startTask(options.progress ?? silentProgress, "Checking", file);
    const onBytes = byteSteps(task, file);
    try {
      for await (const block of file.rows({ from: 1, onBytes })) {
        for (const row of block) take(row, file.name);
        throwIfCancelled(options.signal);
      }
    } finally {
      task.done();
    }
  }
  if (strangeItems.size > 0) {
    for await (const page of store.items({ ids: [...strangeItems.keys()] })) {
      for (const { id } of page) strangeItems.delete(id);
    }
  }
  if (strangePeople.size > 0) {
    for await (const page of store.people()) for (const { id } of page) strangePeople.delete(id);
  }
  for (const [path, strays] of [
    ["item", strangeItems],
    ["person", strangePeople],
  ] as const) {
    for (const [id, stray] of strays) for (const issue of orphanIssues(path, id, stray)) issues.add(issue);
  }
  return { rows, neutral, issues: issues.summary() };
}

interface Stray {
  readonly file: string;
  readonly line: number;
  count: number;
}

function meet(strays: Map<string, Stray>, id: string, place: Omit<Stray, "count">): void {
  const known = strays.get(id);
  if (known === undefined) strays.set(id, { ...place, count: 1 });
  else known.count++;
}

function* orphanIssues(path: "item" | "person", id: string, stray: Stray): Generator<RowIssue> {
  const { file, line, count } = stray;
  const issue = { file, line, path, expected: `an ${path} of the catalogue`, received: received(id) };
  // Counted as often as it occurs, placed where it occurs first.
  for (let i = 0; i < count; i++)
    yield path === "person" ? { ...issue, expected: "a person of the catalogue" } : issue;
}
