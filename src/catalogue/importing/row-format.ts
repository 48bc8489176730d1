import { readCsv } from "./csv-records.ts";
import type { DataFile } from "./data-folder.ts";
import { readLines, type TextEncoding } from "./text-lines.ts";

/** A row as its file format gives it, before the mapping says what it means. */
export interface SourceRow {
  readonly line: number;
  readonly next: number;
  /** Cells of a CSV record or a JSON object; only the format's columns know how to look into it. */
  readonly row: unknown;
  readonly problem?: { readonly expected: string; readonly received: unknown };
}

/** Takes one value out of a row; undefined where it is absent, null or an empty cell. */
export type Column = (row: unknown) => unknown;

/** How one file is cut into rows and looked into. */
export interface RowFormat {
  read(chunks: AsyncIterable<Uint8Array>): AsyncIterable<readonly SourceRow[]>;
  /** Undefined where the file declares its columns and this is none of them. */
  column(path: string): Column | undefined;
  /** What {@link RowFormat.column} accepts, for a person. */
  readonly columns: string;
}

/** Options of {@link csvFormat} and {@link jsonLinesFormat}. */
export interface RowFormatOptions {
  readonly separator: string;
  readonly encoding: TextEncoding;
}

/**
 * The format of a CSV file, whose first record names the columns.
 *
 * @param file Its header is read now, its rows later.
 * @param options Separator and encoding.
 * @returns The format; its rows have exactly as many cells as the header, others are problems.
 */
export async function csvFormat(file: DataFile, options: RowFormatOptions): Promise<RowFormat> {
  const header = (await firstRecord(file, options)).map((name) => name.trim());
  return {
    columns:
      header.length === 0
        ? "a column of the file, which is empty"
        : `one of the columns ${header.join(", ")}`,
    column(path) {
      const index = header.indexOf(path);
      if (index === -1) return undefined;
      return (row) => {
        const cell = (row as readonly string[])[index];
        return cell === "" ? undefined : cell;
      };
    },
    async *read(chunks) {
      let headerPassed = false;
      for await (const records of readCsv(chunks, options)) {
        const rows: SourceRow[] = [];
        for (const { line, next, cells, problem } of records) {
          if (!headerPassed) headerPassed = true;
          else if (problem !== undefined) rows.push({ line, next, row: undefined, problem });
          else if (cells.length === header.length) rows.push({ line, next, row: cells });
          else {
            const expected = `${header.length} cells, as the header has`;
            rows.push({
              line,
              next,
              row: undefined,
              problem: { expected, received: cells.join(options.separator) },
            });
          }
        }
        yield rows;
      }
    },
  };
}

async function firstRecord(file: DataFile, options: RowFormatOptions): Promise<readonly string[]> {
  for await (const records of readCsv(file.chunks(), options)) {
    const first = records[0];
    if (first !== undefined) return first.cells;
  }
  return [];
}

/**
 * The format of a file with one JSON object on each line.
 *
 * @param options The encoding.
 * @returns The format; a column is a member's name or a dotted path, and a path through an array collects.
 */
export function jsonLinesFormat({ encoding }: Pick<RowFormatOptions, "encoding">): RowFormat {
  return {
    columns: "a member's name or a dotted path",
    column(path) {
      const segments = path.split(".");
      return (row) => lookUp(row, segments, path);
    },
    async *read(chunks) {
      for await (const lines of readLines(chunks, { encoding })) {
        const rows: SourceRow[] = [];
        for (const { line, text, problem } of lines) {
          const place = { line, next: line + 1 };
          if (problem !== undefined) rows.push({ ...place, row: undefined, problem });
          else if (text.trim() !== "") rows.push({ ...place, ...parseObject(text) });
        }
        yield rows;
      }
    },
  };
}

function parseObject(text: string): Pick<SourceRow, "row" | "problem"> {
  try {
    const row: unknown = JSON.parse(text);
    if (typeof row === "object" && row !== null && !Array.isArray(row)) return { row };
  } catch {
    // Told below: what stood there helps more than where the parser gave up.
  }
  return { row: undefined, problem: { expected: "one JSON object", received: text } };
}

function lookUp(row: unknown, segments: readonly string[], whole: string): unknown {
  const direct = member(row, whole);
  if (direct !== undefined) return direct ?? undefined;
  let value = row;
  for (const [position, segment] of segments.entries()) {
    if (Array.isArray(value) && !Object.hasOwn(value, segment)) {
      const rest = segments.slice(position);
      return value.map((entry) => lookUp(entry, rest, rest.join("."))).filter((found) => found !== undefined);
    }
    value = member(value, segment);
    if (value === undefined || value === null) return undefined;
  }
  return value;
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
