import { FutagoError } from "../../base/mod.ts";
import { type Dataset, datasetFromColumns } from "../dataset.ts";
import { createEventColumnsBuilder, type EventColumnsBuilder } from "../event-columns-builder.ts";
import { keepFrequentItems } from "../frequent-items.ts";
import type { Item } from "../item.ts";
import type { Person } from "../person.ts";
import type { DataFolder } from "./data-folder.ts";
import { createIssueCounter } from "./issue-counter.ts";
import { type MovieLensImportOptions, movieLensImport } from "./movielens-import.ts";

/** Options of {@link readMovieLens}. */
export interface ReadMovieLensOptions extends MovieLensImportOptions {
  /** Items with fewer likes are left out. @default 0 */
  readonly minItemEvents?: number;
}

/**
 * A MovieLens folder as a dataset, without a database: what `futago evaluate --movielens` works on.
 *
 * @param folder Where the files lie.
 * @param options Thresholds.
 * @returns The dataset; each person's likes in order of time, those of the same second in the order of the file.
 * @throws FutagoError `source_unreadable` When files are missing or any row is bad: a figure over part of a data set
 * would be compared with figures over all of it.
 */
export async function readMovieLens(
  folder: DataFolder,
  options: ReadMovieLensOptions = {},
): Promise<Dataset> {
  const plan = await movieLensImport(folder, options);
  const items: Item[] = [];
  const people: Person[] = [];
  const issues = createIssueCounter();
  const [last] = plan.files.slice(-1);
  const earlier = plan.files.slice(0, -1);
  for (const file of earlier) {
    for await (const block of file.rows({ from: 1 })) {
      for (const row of block) {
        if (row.kind === "item") items.push(row.item);
        else if (row.kind === "person") people.push(row.person);
        else if (row.kind === "issue") for (const issue of row.issues) issues.add(issue);
      }
    }
  }
  const known = new Set<string>();
  let columns: EventColumnsBuilder | undefined = plan.newPerson
    ? undefined
    : createEventColumnsBuilder(items, people);
  let orphans = 0;
  // Without a file of users everyone who rated must be known before the first column is.
  if (plan.newPerson !== undefined) {
    for await (const block of last!.rows({ from: 1 })) {
      for (const row of block) {
        if (row.kind !== "event" || known.has(row.event.personId)) continue;
        known.add(row.event.personId);
        people.push(plan.newPerson(row.event.personId));
      }
    }
  }
  columns ??= createEventColumnsBuilder(items, people);
  for await (const block of last!.rows({ from: 1 })) {
    for (const row of block) {
      if (row.kind === "event") orphans += columns.add(row.event) ? 0 : 1;
      else if (row.kind === "issue") for (const issue of row.issues) issues.add(issue);
    }
  }
  const { total, first } = issues.summary();
  if (total + orphans > 0) {
    const [worst] = first;
    const example =
      worst === undefined ? "" : `, the first in ${worst.file} line ${worst.line} at "${worst.path}"`;
    throw new FutagoError(
      "source_unreadable",
      `Cannot read MovieLens as every row must be right: there are ${total} bad rows${example} and ${orphans} ratings of unknown movies or users`,
      { details: { issues: first, orphans } },
    );
  }
  return keepFrequentItems(datasetFromColumns(items, people, columns.build()), options.minItemEvents ?? 0);
}
