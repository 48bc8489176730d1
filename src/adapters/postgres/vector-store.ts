import { sql } from "kysely";
import { FutagoError } from "../../base/mod.ts";
import {
  checkFilter,
  type NearestQuery,
  type Neighbour,
  type Standing,
  type VectorBatch,
  type VectorStore,
} from "../../embeddings/mod.ts";
import { withBriefLocks } from "./brief-locks.ts";
import type { Connection } from "./connection.ts";
import { halfvecText } from "./halfvec-text.ts";
import { storableJson, storableText } from "./storable-json.ts";

/** Options of {@link createVectorStore}. */
export interface VectorStoreOptions {
  /** Partitions of at least so many item vectors get an HNSW index; a smaller one is scanned whole. @default 10000 */
  readonly indexFromRows?: number;
}

interface NeighbourRow {
  readonly video_id: string;
  readonly score: number;
}

interface Partition {
  readonly dims: number;
  readonly videos_table: string;
  readonly indexed: boolean;
}

// About 3 MB of text for 768 numbers: large statements cost less each row, larger ones no less.
const numbersAtOnce = 400_000;

/**
 * Vectors over pgvector: halfvec, a partition for each model version, inner product.
 *
 * @param db A migrated database.
 * @param options When to index.
 * @returns The store.
 */
export function createVectorStore(db: Connection, options: VectorStoreOptions = {}): VectorStore {
  const { indexFromRows = 10_000 } = options;
  const partition = async (version: string): Promise<Partition> => {
    const row = await db
      .selectFrom("embedding_partitions")
      .select(["dims", "videos_table", "indexed"])
      .where("model_version", "=", version)
      .executeTakeFirst();
    if (row === undefined) throw missingVersion(version);
    return row;
  };

  const put = async (version: string, batch: VectorBatch, target: "video" | "user"): Promise<void> => {
    const { dims } = await partition(version);
    checkBatch(batch, dims);
    const table = sql.table(`${target}_embeddings`);
    const id = sql.ref(`${target}_id`);
    const owners = sql.table(target === "video" ? "videos" : "profiles");
    const rowsAtOnce = Math.max(1, Math.floor(numbersAtOnce / dims));
    for (let start = 0; start < batch.ids.length; start += rowsAtOnce) {
      const end = Math.min(batch.ids.length, start + rowsAtOnce);
      const keys = storableJson(
        batch.ids.slice(start, end).map((key, i) => [key, batch.contentHashes[start + i]]),
      );
      const vectors = halfvecText(batch.vectors, { dims, start, end });
      // Who vanished since the batch was read is left out by the join, not an error.
      await sql`
        insert into ${table} (model_version, ${id}, embedding, content_hash)
        select ${version}, k.id, v.embedding::halfvec, k.hash
        from (select value->>0 as id, value->>1 as hash, position
          from jsonb_array_elements(${keys}::text::jsonb) with ordinality as j (value, position)) k
        join unnest(string_to_array(${vectors}::text, ';')) with ordinality as v (embedding, position)
          using (position)
        join ${owners} o on o.${id} = k.id
        on conflict (model_version, ${id}) do update
          set embedding = excluded.embedding, content_hash = excluded.content_hash`.execute(db);
    }
  };

  const hashes = async (version: string, target: "video" | "user"): Promise<ReadonlyMap<string, string>> => {
    await partition(version);
    const found = new Map<string, string>();
    let after = "";
    for (;;) {
      const { rows } = await sql<{ id: string; hash: string }>`
        select ${sql.ref(`${target}_id`)} as id, content_hash as hash from ${sql.table(`${target}_embeddings`)}
        where model_version = ${version} and ${sql.ref(`${target}_id`)} > ${after}
        order by 1 limit 20000`.execute(db);
      for (const row of rows) found.set(row.id, row.hash);
      if (rows.length < 20_000) return found;
      after = rows.at(-1)!.id;
    }
  };

  return {
    createPartition: async (version, dims) => {
      checkDims(dims);
      // Making one waits for whoever makes another or builds an index, which a request that only needs it must not.
      const known = await db
        .selectFrom("embedding_partitions")
        .select("dims")
        .where("model_version", "=", version)
        .executeTakeFirst();
      if (known?.dims === dims) return;
      await translated(
        version,
        withBriefLocks(db, {
          first: (trx) =>
            sql`select pg_advisory_xact_lock(hashtextextended('futago embedding_partitions', 0))`.execute(
              trx,
            ),
          work: (trx) => sql`select create_embedding_partition(${version}, ${dims})`.execute(trx),
          busy: (cause) => tablesInUse(version, cause),
        }),
      );
    },
    putItemVectors: (version, batch) => put(version, batch, "video"),
    putUserVectors: (version, batch) => put(version, batch, "user"),
    itemHashes: async (version, ids) => {
      if (ids === undefined) return hashes(version, "video");
      await partition(version);
      const { rows } = await sql<{ id: string; hash: string }>`
        select video_id as id, content_hash as hash from video_embeddings
        where model_version = ${version}
          and video_id in (select jsonb_array_elements_text(${storableJson(ids)}::text::jsonb))`.execute(db);
      return new Map(rows.map(({ id, hash }) => [id, hash]));
    },
    userHashes: (version) => hashes(version, "user"),
    userVector: async (version, personId) => {
      const { rows } = await sql<{ embedding: string; hash: string }>`
        select embedding::text as embedding, content_hash as hash from user_embeddings
        where model_version = ${version} and user_id = ${storableText(personId)}`.execute(db);
      const [row] = rows;
      return row && { vector: vectorOfText(row.embedding), contentHash: row.hash };
    },
    removeItemVectors: async (version, ids) => {
      await partition(version);
      await sql`delete from video_embeddings where model_version = ${version}
        and video_id in (select jsonb_array_elements_text(${storableJson(ids)}::text::jsonb))`.execute(db);
    },
    buildIndex: async (version) => {
      const { dims, videos_table, indexed } = await partition(version);
      const index = `${videos_table}_hnsw`;
      // The row says that it was built; it may have been dropped since, or left invalid by a build that failed.
      const { rows } = await sql<{ rows: number; valid: boolean | null }>`
        select (select count(*)::int from video_embeddings where model_version = ${version}) as rows,
          (select indisvalid from pg_index where indexrelid = to_regclass(quote_ident(${index}))) as valid`.execute(
        db,
      );
      const { rows: count, valid } = rows[0]!;
      // The planner needs to know how large the partition is, index or not, and how much of it a filter takes.
      await sql`analyze ${sql.table(videos_table)}, videos`.execute(db);
      if (indexed ? valid : count < indexFromRows) return { indexed, rows: count };
      await db.transaction().execute(async (trx) => {
        await sql`select pg_advisory_xact_lock(hashtextextended('futago embedding_partitions', 0))`.execute(
          trx,
        );
        // A graph that fits in memory is built several times faster; this lasts for the transaction.
        await sql.raw(`set local maintenance_work_mem = '${indexMemoryMb(count, dims)}MB'`).execute(trx);
        // Before pgvector 0.8.2 building an HNSW index with several workers may write past its memory (CVE-2026-3172).
        await sql`select set_config('max_parallel_maintenance_workers', '0', true) from pg_extension
          where extname = 'vector' and string_to_array(extversion, '.')::int[] < array[0, 8, 2]`.execute(trx);
        // Another process may have built it while this one waited for the lock.
        const { rows: broken } = await sql`select from pg_index
          where indexrelid = to_regclass(quote_ident(${index})) and not indisvalid`.execute(trx);
        if (broken.length > 0) await sql`drop index ${sql.id(index)}`.execute(trx);
        await sql`create index if not exists ${sql.id(index)} on ${sql.table(videos_table)}
          using hnsw ((embedding::halfvec(${sql.lit(dims)})) halfvec_ip_ops)
          with (m = 16, ef_construction = 64)`.execute(trx);
        await sql`update embedding_partitions set indexed = true where model_version = ${version}`.execute(
          trx,
        );
      });
      return { indexed: true, rows: count };
    },
    nearest: async (query) => {
      checkLimit(query.limit);
      const vector = vectorText(query.vector);
      const { rows } = await translated(
        query.version,
        sql<NeighbourRow>`select video_id, score from nearest_videos(${query.version}, ${vector}, ${query.limit},
          ${personOf(query)}, ${excludeOf(query)}, ${filterOf(query)})`.execute(db),
      );
      return rows.map(toNeighbour);
    },
    scores: async (query) => {
      const vector = vectorText(query.vector);
      const { dims, videos_table } = await partition(query.version);
      if (dims !== query.vector.length) throw wrongWidth(query.version);
      const ids = storableJson(query.itemIds);
      const { rows } = await sql<{ score: number | null }>`
        select case when not v.hidden and (v.maker = any (b.makers)) is not true and not exists (
            select from video_performers j join performers p using (performer_id)
            where j.video_id = v.video_id and p.name = any (b.performers)
          ) then -(e.embedding <#> ${vector}::text::halfvec) end as score
        from jsonb_array_elements_text(${ids}::text::jsonb) with ordinality as q (id, position)
        left join videos v on v.video_id = q.id
        left join user_blocks b on b.user_id = ${personOf(query)}
        left join ${sql.table(videos_table)} e on e.model_version = ${query.version} and e.video_id = v.video_id
        order by q.position`.execute(db);
      return rows.map((row) => row.score ?? undefined);
    },
    rank: async (query) => {
      const vector = vectorText(query.vector);
      const { rows } = await translated(
        query.version,
        sql<Standing>`select score, rank from video_rank(${query.version}, ${vector}, ${storableText(query.itemId)},
          ${personOf(query)}, ${excludeOf(query)}, ${filterOf(query)})`.execute(db),
      );
      return rows[0];
    },
    itemVectors: async (version, ids) => {
      const { videos_table } = await partition(version);
      const { rows } = await translated(
        version,
        sql<{ video_id: string; embedding: string }>`
          select video_id, embedding::text as embedding from ${sql.table(videos_table)}
          where model_version = ${version}
            and video_id in (select jsonb_array_elements_text(${storableJson(ids)}::text::jsonb))`.execute(
          db,
        ),
      );
      return new Map(rows.map((row) => [row.video_id, vectorOfText(row.embedding)]));
    },
    popular: async (query) => {
      checkLimit(query.limit);
      const { rows } = await sql<NeighbourRow>`select video_id, score
        from popular_videos(${query.limit}, ${personOf(query)}, ${excludeOf(query)}, ${filterOf(query)})`.execute(
        db,
      );
      return rows.map(toNeighbour);
    },
    dropPartition: async (version) => {
      await sql`select drop_embedding_partition(${version})`.execute(db);
    },
  };
}

function vectorText(vector: Float32Array): string {
  if (vector.length > 0) return halfvecText(vector, { dims: vector.length });
  throw new RangeError("Cannot look for items as the vector must have numbers: current length is 0");
}

/** The numbers of a halfvec's text, which is a JSON array. */
export function vectorOfText(text: string): Float32Array {
  return Float32Array.from(JSON.parse(text) as number[]);
}

function toNeighbour(row: NeighbourRow): Neighbour {
  return { itemId: row.video_id, score: row.score };
}

function personOf(query: { readonly personId?: string }) {
  return sql`${query.personId === undefined ? null : storableText(query.personId)}::text`;
}

function excludeOf(query: { readonly exclude?: readonly string[] }) {
  const ids = storableJson(query.exclude ?? []);
  return sql`array(select jsonb_array_elements_text(${ids}::text::jsonb))`;
}

function filterOf({ filter = {}, newcomers }: Pick<NearestQuery, "filter" | "newcomers">) {
  checkFilter(filter);
  return sql`${storableJson({ ...filter, ...newcomers })}::text::jsonb`;
}

function checkDims(dims: number): void {
  if (Number.isInteger(dims) && dims >= 1 && dims <= 4000) return;
  throw new RangeError(`Cannot keep vectors as their width must be 1 to 4000: current value is ${dims}`);
}

function checkLimit(limit: number): void {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return;
  throw new RangeError(
    `Cannot look for items as limit must be a whole number of 1 to 1000: current value is ${limit}`,
  );
}

function checkBatch(batch: VectorBatch, dims: number): void {
  const { ids, vectors, contentHashes } = batch;
  if (vectors.length === ids.length * dims && contentHashes.length === ids.length) return;
  throw new RangeError(
    `Cannot store vectors as each of ${ids.length} ids must have ${dims} numbers and a hash: ` +
      `current counts are ${vectors.length} and ${contentHashes.length}`,
  );
}

// Postgres would parse a gigabyte for the asking; half the graph's size again is room enough (Malkov 2018: m links up
// and 2m at the ground, here 16 and 32).
function indexMemoryMb(rows: number, dims: number): number {
  return Math.min(2048, Math.max(64, Math.ceil((rows * (2 * dims + 400) * 1.5) / 2 ** 20)));
}

async function translated<Result>(version: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    // undefined_table: its partition was dropped after it had been looked up.
    if (code === "FT001" || code === "42P01") throw missingVersion(version);
    if (code === "FT002") throw wrongWidth(version, error);
    throw error;
  }
}

function tablesInUse(version: string, cause: unknown): FutagoError {
  return new FutagoError(
    "database_busy",
    `Cannot make room for version "${version}" as its tables must be free for a moment: they stay in use; try again when no import runs`,
    { cause, details: { version } },
  );
}

function missingVersion(version: string): FutagoError {
  return new FutagoError(
    "not_found",
    `Cannot use the vectors of version "${version}" as it must have a partition: run futago embed first`,
    { details: { version } },
  );
}

function wrongWidth(version: string, cause?: unknown): RangeError {
  return new RangeError(
    `Cannot use the vectors of version "${version}" as widths must agree: use the towers of that version`,
    { cause },
  );
}
