import type { ReadLinesOptions, TextLine } from "./text-lines.ts";
import { readLines } from "./text-lines.ts";

/** One record of a CSV file. */
export interface CsvRecord {
  /** The line it begins on, counted from 1. */
  readonly line: number;
  /** The line after its last: where an import that stops here goes on. */
  readonly next: number;
  readonly cells: readonly string[];
  /** Why it could not be read; then there are no cells. */
  readonly problem?: { readonly expected: string; readonly received: string };
}

/** Options of {@link readCsv}. */
export interface ReadCsvOptions extends ReadLinesOptions {
  /** @default "," */
  readonly separator?: string;
  /** A quoted cell that runs over more lines (or more than `maxLineBytes`) is taken for a stray quote. @default 200 */
  readonly maxRecordLines?: number;
}

interface RecordState {
  readonly cells: string[];
  cell: string;
  quoted: boolean;
}

/**
 * Records of a CSV file (RFC 4180; a quote inside an unquoted cell is taken as it stands), in blocks. Blank lines
 * are passed over.
 *
 * A record whose quote is never closed becomes one problem, and reading goes on with the line after the one it
 * began on, so that a stray quote costs one row and not the rest of the file.
 *
 * @param chunks The bytes.
 * @param options Separator, encoding and bounds.
 * @returns Blocks of records, in order; the header, if any, is the first record.
 */
export async function* readCsv(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadCsvOptions = {},
): AsyncGenerator<readonly CsvRecord[]> {
  const { separator = ",", maxRecordLines = 200, maxLineBytes = 1_048_576 } = options;
  // Lines of a record that is still open, kept in case its quote turns out to be a stray one.
  let open: TextLine[] = [];
  let openLength = 0;
  let state: RecordState | undefined;

  const take = (line: TextLine, records: CsvRecord[]): void => {
    if (state === undefined) {
      if (line.problem !== undefined) {
        records.push({ line: line.line, next: line.line + 1, cells: [], problem: line.problem });
      } else if (!line.text.includes('"')) {
        if (line.text !== "") {
          records.push({ line: line.line, next: line.line + 1, cells: line.text.split(separator) });
        }
      } else begin(line, records);
      return;
    }
    openLength += line.text.length;
    if (line.problem !== undefined || open.length >= maxRecordLines || openLength > maxLineBytes) {
      recover(records);
      take(line, records);
      return;
    }
    open.push(line);
    state.cell += "\n";
    advance(line.text, records);
  };
  const begin = (line: TextLine, records: CsvRecord[]): void => {
    open = [line];
    openLength = line.text.length;
    state = { cells: [], cell: "", quoted: false };
    advance(line.text, records, true);
  };
  const advance = (text: string, records: CsvRecord[], fresh = false): void => {
    const outcome = readCells(text, state!, { separator, fresh });
    if (outcome === "open") return;
    const first = open[0]!.line;
    if (outcome === "stray") recover(records);
    else {
      records.push({ line: first, next: open.at(-1)!.line + 1, cells: state!.cells });
      state = undefined;
      open = [];
    }
  };
  const recover = (records: CsvRecord[]): void => {
    const [first, ...rest] = open;
    state = undefined;
    open = [];
    records.push({
      line: first!.line,
      next: first!.line + 1,
      cells: [],
      problem: { expected: "a closing quote before the next separator or line end", received: first!.text },
    });
    for (const line of rest) take(line, records);
  };

  for await (const lines of readLines(chunks, options)) {
    const records: CsvRecord[] = [];
    for (const line of lines) take(line, records);
    if (records.length > 0) yield records;
  }
  // At the end of the file an open record can only be recovered; what follows it may be open again.
  const last: CsvRecord[] = [];
  while (state !== undefined) recover(last);
  if (last.length > 0) yield last;
}

/** Reads one line into the state: "done" at its end, "open" inside a quoted cell, "stray" at a misplaced quote. */
function readCells(
  text: string,
  state: RecordState,
  { separator, fresh }: { readonly separator: string; readonly fresh: boolean },
): "done" | "open" | "stray" {
  let at = 0;
  let startsCell = fresh;
  for (;;) {
    if (startsCell) {
      startsCell = false;
      state.cell = "";
      state.quoted = text[at] === '"';
      if (state.quoted) at++;
    }
    if (state.quoted) {
      const quote = text.indexOf('"', at);
      if (quote === -1) {
        state.cell += text.slice(at);
        return "open";
      }
      state.cell += text.slice(at, quote);
      at = quote + 1;
      if (text[at] === '"') {
        state.cell += '"';
        at++;
        continue;
      }
      if (at < text.length && !text.startsWith(separator, at)) return "stray";
      state.quoted = false;
    } else {
      const found = text.indexOf(separator, at);
      const end = found === -1 ? text.length : found;
      state.cell += text.slice(at, end);
      at = end;
    }
    state.cells.push(state.cell);
    if (at >= text.length) return "done";
    at += separator.length;
    startsCell = true;
  }
}
