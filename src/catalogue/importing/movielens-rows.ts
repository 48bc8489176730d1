import { declaredAgeConfirmation } from "./import-plan.ts";
import type { RowMapper } from "./mapped-rows.ts";
import type { Complain } from "./mapped-value.ts";
import type { RowFormat, SourceRow } from "./row-format.ts";
import { readLines } from "./text-lines.ts";

/** `::`-separated lines in ISO-8859-1, as MovieLens-1M is written. */
export const datFormat: Pick<RowFormat, "read"> = Object.freeze({
  async *read(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly SourceRow[]> {
    for await (const lines of readLines(chunks, { encoding: "iso-8859-1" })) {
      const rows: SourceRow[] = [];
      for (const { line, text, problem } of lines) {
        const place = { line, next: line + 1 };
        if (problem !== undefined) rows.push({ ...place, row: undefined, problem });
        else if (text !== "") rows.push({ ...place, row: text.split("::") });
      }
      yield rows;
    }
  },
});

/** Gives the cells of a row by MovieLens's own order of columns. */
export type MovieLensCells = (row: unknown, complain: Complain) => readonly string[] | undefined;

/** Cells as they lie in a `.dat` row, which must have `names.length` of them. */
export function datCells(names: readonly string[]): MovieLensCells {
  return (row, complain) => {
    const cells = row as readonly string[];
    if (cells.length === names.length) return cells;
    complain("", `${names.length} cells: ${names.join("::")}`, cells.join("::"));
    return undefined;
  };
}

/** Cells of a `.csv` row in the order of `names`, looked up by the header. */
export function csvCells(format: RowFormat, names: readonly string[]): MovieLensCells {
  const columns = names.map((name) => format.column(name) ?? (() => undefined));
  return (row) => columns.map((column) => (column(row) as string | undefined) ?? "");
}

/** Movies: `MovieID::Title (Year)::Genre|Genre`. The year becomes a field and the release date. */
export function movieMapper(cellsOf: MovieLensCells): RowMapper {
  return (row, complain) => {
    const cells = cellsOf(row, complain);
    if (cells === undefined) return undefined;
    const [id, title, genres] = cells as [string, string, string];
    if (!wholeNumber(id, "movieId", complain)) return undefined;
    if (title.trim() === "") return void complain("title", "a text", title);
    const year = Number(/\((\d{4})\)\s*$/.exec(title)?.[1] ?? Number.NaN);
    return {
      kind: "item",
      item: {
        id,
        title,
        fields: {
          genres: genres === "(no genres listed)" || genres === "" ? [] : genres.split("|"),
          ...(Number.isNaN(year) ? {} : { year }),
        },
        ...(Number.isNaN(year) ? {} : { releasedAt: Date.UTC(year, 0, 1) }),
      },
    };
  };
}

const ageRanges: Readonly<Record<string, string>> = {
  "1": "under 18",
  "18": "18-24",
  "25": "25-34",
  "35": "35-44",
  "45": "45-49",
  "50": "50-55",
  "56": "56+",
};

/** Users: `UserID::Gender::Age::Occupation::Zip`. Whoever is under 18 is never age-confirmed, whatever is declared. */
export function userMapper(
  cellsOf: MovieLensCells,
  { ageConfirmed }: { readonly ageConfirmed: boolean },
): RowMapper {
  return (row, complain) => {
    const cells = cellsOf(row, complain);
    if (cells === undefined) return undefined;
    const [id, sex, age, occupation] = cells as [string, string, string, string];
    if (!wholeNumber(id, "userId", complain)) return undefined;
    const ageRange = ageRanges[age];
    if (ageRange === undefined) {
      return void complain("age", `one of ${Object.keys(ageRanges).join(", ")}`, age);
    }
    const confirmed = ageConfirmed && age !== "1" ? { ageConfirmedAt: declaredAgeConfirmation } : {};
    // The zip code is left out: with sex, age and occupation it could point at a person.
    return { kind: "person", person: { id, fields: { sex, age: ageRange, occupation }, ...confirmed } };
  };
}

/** Ratings: `UserID::MovieID::Rating::Timestamp`, seconds. From `minRating` on a rating is a like, below it neutral. */
export function ratingMapper(
  cellsOf: MovieLensCells,
  { minRating }: { readonly minRating: number },
): RowMapper {
  return (row, complain) => {
    const cells = cellsOf(row, complain);
    if (cells === undefined) return undefined;
    const [personId, itemId, rating, timestamp] = cells as [string, string, string, string];
    if (!wholeNumber(personId, "userId", complain) || !wholeNumber(itemId, "movieId", complain))
      return undefined;
    if (!/^[0-5](?:\.[05])?$/.test(rating)) return void complain("rating", "a rating from 0.5 to 5", rating);
    if (!/^\d{1,10}$/.test(timestamp)) return void complain("timestamp", "seconds since 1970", timestamp);
    if (Number(rating) < minRating) return { kind: "neutral" };
    return { kind: "event", event: { personId, itemId, kind: "like", at: Number(timestamp) * 1000 } };
  };
}

function wholeNumber(text: string, path: string, complain: Complain): boolean {
  if (/^\d{1,15}$/.test(text)) return true;
  complain(path, "a whole number", text);
  return false;
}
