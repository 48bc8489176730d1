import type { CatalogueEvent } from "../event.ts";
import type { RowIssue } from "../issue.ts";
import type { Item } from "../item.ts";
import type { Person } from "../person.ts";

/** What one row of a file turned out to be. */
export type ImportRow =
  | (RowPlace & { readonly kind: "item"; readonly item: Item })
  | (RowPlace & { readonly kind: "person"; readonly person: Person })
  | (RowPlace & { readonly kind: "event"; readonly event: CatalogueEvent })
  /** A rating between the thresholds, a decision declared to mean nothing: right, but neither like nor nope. */
  | (RowPlace & { readonly kind: "neutral" })
  | (RowPlace & { readonly kind: "issue"; readonly issues: readonly RowIssue[] });

/** Where a row stands in its file. */
export interface RowPlace {
  /** Counted from 1. */
  readonly line: number;
  /** The line to go on with after this row. */
  readonly next: number;
}

/** One file of an import, read as rows. */
export interface ImportFile {
  /** Unique within its plan. */
  readonly name: string;
  /** In bytes; absent where nobody knows. */
  readonly size?: number;
  /**
   * The rows that begin at `from` or later, in blocks.
   *
   * @param options `from`: a line, counted from 1; `onBytes` is told how much was read, for progress.
   */
  rows(options: {
    readonly from: number;
    readonly onBytes?: (bytes: number) => void;
  }): AsyncIterable<readonly ImportRow[]>;
}

/** Everything an import reads, in the order in which it reads it: items, then people, then events. */
export interface ImportPlan {
  /** Names this import and no other: a hash over files, sizes and mapping. An interrupted one is found again by it. */
  readonly source: string;
  readonly files: readonly ImportFile[];
  /** Where no file tells of people: makes the person that an event names. */
  readonly newPerson?: (id: string) => Person;
}

/**
 * When people count as age-confirmed whose owner declares that all are, without a date: 2000-01-01. A fixed moment,
 * so that the same import again changes nothing.
 */
export const declaredAgeConfirmation: number = Date.UTC(2000, 0, 1);

/** The longest text an issue repeats, in characters. */
export const maxReceivedLength = 80;

/**
 * What stood in a bad row, fit to be shown: cut, and on one line.
 *
 * @param value Anything that a file may hold.
 * @returns At most 80 characters; "nothing" for undefined.
 */
export function received(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  // Cut before cleaning: the value may be a megabyte long.
  const cut = text.slice(0, maxReceivedLength + 1).replace(/\p{C}/gu, "·");
  return cut.length > maxReceivedLength ? `${cut.slice(0, maxReceivedLength - 1)}…` : cut;
}
