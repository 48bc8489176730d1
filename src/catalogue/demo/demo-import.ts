import { sha256Hex } from "../../base/mod.ts";
import type { ImportFile, ImportPlan, ImportRow } from "../importing/import-plan.ts";
import { type GenerateDemoOptions, generateDemo } from "./generate-demo.ts";

const blockRows = 1000;

/**
 * The demo as an import: the same path, the same guarantees as for anybody's data.
 *
 * @param options Seed and size.
 * @returns The plan; its "lines" are positions in what {@link generateDemo} gives.
 */
export function demoImport(options: GenerateDemoOptions = {}): ImportPlan {
  const { items, people, events } = generateDemo(options);
  return {
    source: sha256Hex(JSON.stringify(["demo", options.seed, items.length, people.length, events.length])),
    files: [
      rowsFile("demo items", items, (item) => ({ kind: "item", item })),
      rowsFile("demo people", people, (person) => ({ kind: "person", person })),
      rowsFile("demo events", events, (event) => ({ kind: "event", event })),
    ],
  };
}

type Meaning =
  | Pick<Extract<ImportRow, { kind: "item" }>, "kind" | "item">
  | Pick<Extract<ImportRow, { kind: "person" }>, "kind" | "person">
  | Pick<Extract<ImportRow, { kind: "event" }>, "kind" | "event">;

function rowsFile<Row>(name: string, rows: readonly Row[], meaning: (row: Row) => Meaning): ImportFile {
  return {
    name,
    // A row counts as a kilobyte, so that progress shows rows.
    size: rows.length * 1024,
    async *rows({ from, onBytes = () => {} }) {
      onBytes((from - 1) * 1024);
      for (let start = from - 1; start < rows.length; start += blockRows) {
        const block = rows.slice(start, start + blockRows);
        onBytes(block.length * 1024);
        yield block.map((row, index) => {
          const line = start + index + 1;
          return { line, next: line + 1, ...meaning(row) };
        });
      }
    },
  };
}
