import { canonicalJson, FutagoError, sha256Hex } from "../../base/mod.ts";
import type { RowIssue } from "../issue.ts";
import type { DataFile, DataFolder } from "./data-folder.ts";
import {
  declaredAgeConfirmation,
  type ImportFile,
  type ImportPlan,
  type ImportRow,
  received,
} from "./import-plan.ts";
import { eventMapper, type FindColumn, itemMapper, personMapper, type RowMapper } from "./mapped-rows.ts";
import { type ImportMapping, type MappingIssue, rejectMapping } from "./mapping.ts";
import { csvFormat, jsonLinesFormat, type RowFormat } from "./row-format.ts";

/** Options of {@link mappedImport}. */
export interface MappedImportOptions {
  /** How every file of the mapping is written. */
  readonly format: "csv" | "jsonl";
  /** The owner declares that everyone's age is confirmed. @default false */
  readonly ageConfirmed?: boolean;
}

/**
 * The import of anybody's catalogue and events, by a declared mapping.
 *
 * @param folder Where the mapping's files lie.
 * @param mapping As `parseImportMapping` gave it.
 * @param options Format and declaration.
 * @returns The plan; no row has been read yet, but every file was found and every column exists.
 * @throws FutagoError `import_rejected` When the mapping names a column that its file does not have.
 * @throws FutagoError `source_unreadable` When a file is missing.
 */
export async function mappedImport(
  folder: DataFolder,
  mapping: ImportMapping,
  options: MappedImportOptions,
): Promise<ImportPlan> {
  const ageConfirmed = options.ageConfirmed ?? false;
  const issues: MappingIssue[] = [];
  const files: ImportFile[] = [];
  const open = async (
    member: string,
    name: string,
    mapper: (find: FindColumn) => RowMapper,
  ): Promise<void> => {
    const file = await folder.find(name);
    if (file === undefined) {
      throw new FutagoError(
        "source_unreadable",
        `Cannot import as ${member}.file must name a file of "${folder.name}": current value is "${name}"`,
      );
    }
    const format = options.format === "csv" ? await csvFormat(file, mapping) : jsonLinesFormat(mapping);
    const find: FindColumn = (from, place) => {
      const column = format.column(from);
      if (column !== undefined) return { name: from, column };
      issues.push({ path: `${member}.${place}`, expected: format.columns, received: from });
      return { name: from, column: () => undefined };
    };
    // The same file may hold two kinds of events: each reading of it has its own cursor.
    const taken = files.filter((other) => other.name === name || other.name.startsWith(`${name}#`)).length;
    files.push(
      mappedFile(file, { name: taken === 0 ? name : `${name}#${taken + 1}`, format, map: mapper(find) }),
    );
  };

  const { items, people, events } = mapping;
  if (items !== undefined) await open("items", items.file, (find) => itemMapper(items, find));
  if (people !== undefined) {
    await open("people", people.file, (find) => personMapper(people, find, { ageConfirmed }));
  }
  for (const [index, event] of events.entries()) {
    await open(`events.${index}`, event.file, (find) => eventMapper(event, find));
  }
  if (issues.length > 0) throw rejectMapping(issues);
  const sizes = files.map(({ name, size }) => [name, size ?? null]);
  return {
    source: sha256Hex(canonicalJson({ folder: folder.name, sizes, mapping, options })),
    files,
    ...(people === undefined ? { newPerson: newPerson(ageConfirmed) } : {}),
  };
}

/**
 * Makes the people that only events name.
 *
 * @param ageConfirmed Whether the owner declared it of everyone.
 * @returns A function from id to person.
 */
export function newPerson(ageConfirmed: boolean): NonNullable<ImportPlan["newPerson"]> {
  return (id) => ({ id, fields: {}, ...(ageConfirmed ? { ageConfirmedAt: declaredAgeConfirmation } : {}) });
}

/** Options of {@link mappedFile}. */
export interface MappedFileOptions {
  /** @default the file's own name */
  readonly name?: string;
  readonly format: Pick<RowFormat, "read">;
  readonly map: RowMapper;
}

/**
 * A file whose rows are given their meaning one by one.
 *
 * @param file Where the bytes come from.
 * @param options Format and meaning.
 * @returns A file of an import plan.
 */
export function mappedFile(file: DataFile, { name = file.name, format, map }: MappedFileOptions): ImportFile {
  return {
    name,
    ...(file.size === undefined ? {} : { size: file.size }),
    async *rows({ from, onBytes = () => {} }) {
      for await (const block of format.read(counted(file.chunks(), onBytes))) {
        const rows: ImportRow[] = [];
        for (const { line, next, row, problem } of block) {
          if (line < from) continue;
          let issues: RowIssue[] | undefined;
          const complain = (path: string, expected: string, found: unknown): void => {
            issues ??= [];
            issues.push({ file: file.name, line, path, expected, received: received(found) });
          };
          if (problem !== undefined) complain("", problem.expected, problem.received);
          const meaning = problem === undefined ? map(row, complain) : undefined;
          if (issues !== undefined) rows.push({ line, next, kind: "issue", issues });
          else if (meaning !== undefined) rows.push({ line, next, ...meaning });
        }
        yield rows;
      }
    },
  };
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    onBytes(chunk.length);
    yield chunk;
  }
}
