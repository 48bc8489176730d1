/** One bad row: data to be reported and counted, never thrown and never silently dropped. */
export interface RowIssue {
  /** The file as it was named by the caller. */
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Where in the row: a column name or a dotted path; empty for the whole row. */
  readonly path: string;
  /** What would have been right, for a person. */
  readonly expected: string;
  /** What stood there, cut to 80 characters. */
  readonly received: string;
}
