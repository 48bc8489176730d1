import { isDeepStrictEqual } from "node:util";
import { sql } from "kysely";
import type { Database } from "../src/adapters/postgres/mod.ts";
import { itemContentHash } from "../src/embeddings/mod.ts";
import type { FakeDmm } from "../tests/fake-dmm/mod.ts";
import { expectedItems, storedItems } from "../tests/sync-world.ts";

/** How a catalogue differs from the server's; all zero where it is the same. */
export interface CatalogueDifference {
  /** On the server, and not here. */
  readonly lost: number;
  /** Here, and not on the server. */
  readonly tooMuch: number;
  /** Here with another field. */
  readonly different: number;
  /** Without a vector of what is stored, or with one and without an item. */
  readonly vectorsWrong: number;
}

/** Compares a catalogue with the server's, item by item and field by field, and its vectors with its items. */
export async function compareWithServer(
  { catalogue, vectors }: Database,
  { fake, version }: { readonly fake: FakeDmm; readonly version: string },
): Promise<CatalogueDifference> {
  const [expected, stored] = [expectedItems(fake), await storedItems(catalogue)];
  const hashes = await vectors.itemHashes(version);
  let [lost, different, vectorsWrong] = [0, 0, 0];
  for (const [id, item] of expected) {
    const found = stored.get(id);
    if (found === undefined) lost++;
    else if (!isDeepStrictEqual(found, item)) different++;
    if (found !== undefined && hashes.get(id) !== itemContentHash(found)) vectorsWrong++;
  }
  const tooMuch = [...stored.keys()].filter((id) => !expected.has(id)).length;
  vectorsWrong += [...hashes.keys()].filter((id) => !stored.has(id)).length;
  return { lost, tooMuch, different, vectorsWrong };
}

/** Every table that a sync leaves something in, and what its rows are ordered by. */
const leftBehind: Readonly<Record<string, readonly string[]>> = {
  videos: ["video_id"],
  performers: ["performer_id"],
  tags: ["tag_id"],
  video_performers: ["video_id", "position"],
  video_tags: ["video_id", "position"],
  video_embeddings: ["video_id"],
  sync_items: ["video_id"],
  sync_sweeps: ["partition"],
  sync_failures: ["item_id"],
};

/** When, and how often it was tried, differs; vectors are compared as numbers. */
const notCompared = ["created_at", "updated_at", "finished_at", "last_at", "attempts", "dead", "embedding"];

/** Rows and their hash, by table: two databases with the same hold the same. */
export async function contentOf(
  database: Database,
): Promise<Readonly<Record<string, { readonly rows: number; readonly hash: string }>>> {
  const found: Record<string, { rows: number; hash: string }> = {};
  for (const [table, orderedBy] of Object.entries(leftBehind)) {
    const order = sql.join(orderedBy.map((name) => sql.ref(name)));
    const { rows } = await sql<{ rows: number; hash: string }>`
      select count(*)::int as rows, md5(coalesce(string_agg(md5(row), '' order by n), '')) as hash from (
        select (to_jsonb(t) - string_to_array(${notCompared.join()}::text, ','))::text as row, row_number() over (order by ${order}) as n
        from ${sql.table(table)} t) r`.execute(database.connection);
    found[table] = rows[0]!;
  }
  return found;
}

/** The largest difference between two numbers of the same vector of two databases. */
export async function vectorDistance(one: Database, other: Database): Promise<number> {
  const read = async ({ connection }: Database): Promise<ReadonlyMap<string, readonly number[]>> => {
    const { rows } = await sql<{ id: string; vector: string }>`
      select video_id as id, embedding::text as vector from video_embeddings`.execute(connection);
    return new Map(rows.map(({ id, vector }) => [id, JSON.parse(vector) as number[]]));
  };
  const [mine, theirs] = [await read(one), await read(other)];
  let largest = 0;
  for (const [id, vector] of mine) {
    const same = theirs.get(id);
    for (const [i, value] of vector.entries())
      largest = Math.max(largest, Math.abs(value - (same?.[i] ?? Number.NaN)));
  }
  return largest;
}

/** Which transaction wrote each vector: those written since have another. */
export async function writtenBy({ connection }: Database): Promise<ReadonlyMap<string, string>> {
  const { rows } = await sql<{ id: string; by: string }>`
    select video_id as id, xmin::text as by from video_embeddings`.execute(connection);
  return new Map(rows.map(({ id, by }) => [id, by]));
}
