import { FutagoError } from "../base/mod.ts";
import type { DataFile } from "./importing/data-folder.ts";
import { received } from "./importing/import-plan.ts";
import { itemMapper } from "./importing/mapped-rows.ts";
import { type Complain, idReader, type NamedColumn } from "./importing/mapped-value.ts";
import type { ItemsMapping } from "./importing/mapping.ts";
import { jsonLinesFormat } from "./importing/row-format.ts";
import type { RowIssue } from "./issue.ts";
import type { Item } from "./item.ts";
import type { CatalogueSource, SourceWindow } from "./source.ts";

/** Options of {@link createFeedSource}. */
export interface FeedSourceOptions {
  /** Unique among the sources of a catalogue; letters, digits, `-` and `_`. */
  readonly name: string;
  /** One JSON object on each line. */
  readonly file: DataFile;
  /** Which members hold what: `items` of a mapping, as an import takes it. */
  readonly mapping: Omit<ItemsMapping, "file">;
  /**
   * Put before every id. With an empty one the feed is taken for the whole catalogue: what it lacks, from wherever it came,
   * counts as gone.
   *
   * @default name + ":"
   */
  readonly idPrefix?: string;
  /** Rows in a page. @default 500 */
  readonly pageSize?: number;
}

/**
 * A file of JSON lines, on a server or on a disk, as a source with one window. It is read as a stream: a page is all that
 * is held, and pages that are asked for in order read it once, after a first reading that counts.
 *
 * @param options Where it lies and what its rows mean.
 * @returns The source; nothing has been read yet.
 * @throws RangeError For a name or a page size out of range.
 */
export function createFeedSource(options: FeedSourceOptions): CatalogueSource {
  const { name, idPrefix = `${name}:`, pageSize = 500 } = options;
  if (!/^[\w-]{1,40}$/.test(name)) {
    throw new RangeError(
      `Cannot read a feed as its name must have 1 to 40 letters, digits, - and _: current length is ${name.length}`,
    );
  }
  if (!Number.isSafeInteger(pageSize) || pageSize < 1) {
    throw new RangeError(
      `Cannot read a feed as pageSize must be a positive whole number: current value is ${pageSize}`,
    );
  }
  const rowsFrom = feedReader(options);
  let total: number | undefined;
  let open: { readonly rows: AsyncGenerator<FeedRow>; offset: number } | undefined;

  const count = async (): Promise<number> => {
    let rows = 0;
    for await (const _row of rowsFrom()) rows++;
    total = rows;
    return rows;
  };
  const rewindTo = async (offset: number): Promise<NonNullable<typeof open>> => {
    if (open?.offset === offset) return open;
    await open?.rows.return(undefined);
    open = { rows: rowsFrom(), offset: 0 };
    while (open.offset < offset && !(await open.rows.next()).done) open.offset++;
    open.offset = offset;
    return open;
  };
  const take = async (offset: number): Promise<readonly FeedRow[]> => {
    const at = await rewindTo(offset);
    const rows: FeedRow[] = [];
    try {
      while (rows.length < pageSize) {
        const next = await at.rows.next();
        if (next.done) break;
        rows.push(next.value);
      }
    } catch (error) {
      open = undefined;
      throw error;
    }
    at.offset += rows.length;
    return rows;
  };

  const partition = { id: "feed", idPrefix, from: 0, to: 1 };
  const check = (window: SourceWindow, signal: AbortSignal | undefined): void => {
    if (window.partition !== partition.id) {
      throw new RangeError(`Cannot read a window of a feed as its partition must be "${partition.id}"`);
    }
    if (signal?.aborted)
      throw new FutagoError("cancelled", `Cannot read "${name}" as the work was cancelled`);
  };
  // One reading at a time: two would throw each other back to the beginning.
  let before: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = before.then(work);
    before = mine.catch(() => {});
    return mine;
  };
  return {
    name,
    limits: { pageSize, maxWindowRows: Number.MAX_SAFE_INTEGER, minWindowMs: 1 },
    partitions: async () => [partition],
    count: (window, { signal } = {}) =>
      inTurn(async () => {
        check(window, signal);
        return count();
      }),
    page: (window, { offset, signal }) =>
      inTurn(async () => {
        check(window, signal);
        if (!Number.isSafeInteger(offset) || offset < 0) {
          throw new RangeError(
            `Cannot page a feed as offset must be a whole number from 0: current value is ${offset}`,
          );
        }
        total ??= await count();
        const rows = await take(offset);
        return {
          items: rows.flatMap(({ item }) => (item === undefined ? [] : { ...item, id: idPrefix + item.id })),
          issues: rows.flatMap(({ issues }) => issues),
          ids: rows.flatMap(({ id }) => (id === undefined ? [] : idPrefix + id)),
          rows: rows.length,
          total,
        };
      }),
  };
}

interface FeedRow {
  readonly item?: Item;
  readonly id?: string;
  readonly issues: readonly RowIssue[];
}

/** A row with a field that cannot be read still gives an item: the rest of it. */
function feedReader({ name, file, mapping }: FeedSourceOptions): () => AsyncGenerator<FeedRow> {
  const format = jsonLinesFormat({ encoding: "utf-8" });
  const columnOf = (from: string): NamedColumn => ({ name: from, column: format.column(from)! });
  const meaning = itemMapper({ ...mapping, file: name }, columnOf);
  const readId = idReader(columnOf(mapping.id));
  return async function* () {
    for await (const block of format.read(file.chunks())) {
      for (const { line, row, problem } of block) {
        const issues: RowIssue[] = [];
        const complain: Complain = (path, expected, found) =>
          void issues.push({ file: name, line, path, expected, received: received(found) });
        if (problem !== undefined) {
          complain("", problem.expected, problem.received);
          yield { issues };
          continue;
        }
        const found = meaning(row, complain);
        const id = readId(row, () => {});
        yield {
          ...(found?.kind === "item" ? { item: found.item } : {}),
          ...(id === undefined ? {} : { id }),
          issues,
        };
      }
    }
  };
}
