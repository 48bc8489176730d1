import { sql } from "kysely";
import { createOrtRuntime } from "../../adapters/ort-node/mod.ts";
import type { Database } from "../../adapters/postgres/mod.ts";
import { embedCatalogue } from "../../embeddings/mod.ts";
import { loadModel } from "../../registry/mod.ts";
import type { Stores } from "../open-stores.ts";
import { type Check, type Finding, fine, wrong } from "./check.ts";
import type { DatabaseUnderTest } from "./database-checks.ts";

/** What these checks look at. */
export interface VectorsUnderTest extends DatabaseUnderTest {
  readonly blobs: Stores["blobs"];
  /** From so many vectors on a partition should have an index. */
  readonly indexFromRows: number;
}

/** A version of which more of the catalogue is missing answers with too little. */
const mostMissing = 0.1;
/** Vectors looked at. */
const sampled = 1000;
/** Half floats keep a length of 1 to about 0.0005. */
const lengthError = 0.01;

interface PartitionRow {
  readonly version: string;
  readonly dims: number;
  readonly table: string;
  readonly indexed: boolean;
  readonly there: boolean;
  readonly index_valid: boolean;
  readonly registered: boolean;
}

/**
 * Whether what is stored under each version can be searched.
 *
 * @param under A migrated database and where models are.
 * @returns The checks.
 */
export function vectorChecks(under: VectorsUnderTest): readonly Check[] {
  return [
    { name: "data", look: () => data(under) },
    { name: "partitions", look: () => orphans(under) },
    { name: "vectors", look: () => embedded(under) },
    { name: "vector lengths", look: () => lengths(under) },
    { name: "indexes", look: () => indexes(under) },
  ];
}

async function data({ database }: VectorsUnderTest): Promise<Finding> {
  const { items, people, events } = await database.catalogue.counts();
  return fine(`${items} items, ${people} people, ${events} events`);
}

async function partitions({ connection }: Database): Promise<readonly PartitionRow[]> {
  const { rows } = await sql<PartitionRow>`
    select p.model_version as version, p.dims, p.videos_table as table, p.indexed,
      to_regclass(quote_ident(p.videos_table)) is not null and to_regclass(quote_ident(p.users_table)) is not null as there,
      exists (select from pg_index x join pg_class c on c.oid = x.indexrelid join pg_am m on m.oid = c.relam
        where x.indrelid = to_regclass(quote_ident(p.videos_table)) and m.amname = 'hnsw' and x.indisvalid) as index_valid,
      exists (select from embedding_model_versions v where v.version = p.model_version) as registered
    from embedding_partitions p order by 1`.execute(connection);
  return rows;
}

async function orphans({ database, patiently }: VectorsUnderTest): Promise<Finding> {
  const known = await partitions(database);
  const unregistered = known.filter(({ registered }) => !registered).map(({ version }) => version);
  const { rows: unlisted } = await sql<{ name: string }>`
    select c.relname::text as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent in (to_regclass('video_embeddings'), to_regclass('user_embeddings'))
      and not exists (select from embedding_partitions p where c.relname in (p.videos_table, p.users_table))
    order by 1`.execute(database.connection);
  const count = unregistered.length + unlisted.length;
  if (count === 0) return fine(`${known.length}, each of a registered version`);
  return wrong(
    `${count} of no registered version: they only take space`,
    "futago doctor --fix drops them",
    () =>
      patiently(async ({ vectors, connection }) => {
        for (const version of unregistered) await vectors.dropPartition(version);
        for (const { name } of unlisted)
          await sql`drop table if exists ${sql.table(name)}`.execute(connection);
        return `dropped ${count}`;
      }),
  );
}

async function embedded(under: VectorsUnderTest): Promise<Finding> {
  const { database } = under;
  const active = await database.versions.active();
  if (active === undefined) return fine("no version is active");
  const { version } = active;
  const row = (await partitions(database)).find((each) => each.version === version);
  if (row === undefined || !row.there) {
    return wrong(
      `${version} is active and has no partition${row === undefined ? "" : ": its table was dropped"}`,
      "futago embed",
      () => embedAgain(under, { anew: row !== undefined }),
    );
  }
  const { rows } = await sql<{ items: number; missing: number }>`
    select count(*)::int as items, (count(*) filter (where e.video_id is null))::int as missing
    from videos v left join ${sql.table(row.table)} e on e.model_version = ${version} and e.video_id = v.video_id
    where not v.hidden`.execute(database.connection);
  const { items, missing } = rows[0]!;
  const says = `${items - missing} of ${items} items embedded under ${version}`;
  if (missing <= mostMissing * items) return fine(says);
  return wrong(says, "futago embed", () => embedAgain(under, { anew: false }));
}

async function lengths(under: VectorsUnderTest): Promise<Finding> {
  const { database, patiently } = under;
  const { version } = (await database.versions.active()) ?? {};
  const row = (await partitions(database)).find((each) => each.version === version);
  if (row === undefined || !row.there) return fine("nothing is stored under an active version");
  const bad = sql`abs(l2_norm(embedding) - 1) > ${lengthError} or vector_dims(embedding) <> ${row.dims}`;
  const { rows } = await sql<{ seen: number; bad: number }>`
    select count(*)::int as seen, (count(*) filter (where ${bad}))::int as bad
    from (select embedding from ${sql.table(row.table)} limit ${sampled}) s`.execute(database.connection);
  const { seen, bad: found } = rows[0]!;
  if (found === 0) return fine(`${seen} looked at, each ${row.dims} numbers of length 1`);
  return wrong(
    `${found} of ${seen} looked at are not ${row.dims} numbers of length 1: they rank too high or too low`,
    "futago doctor --fix removes them and embeds again",
    async () => {
      await patiently(({ connection }) =>
        sql`delete from ${sql.table(row.table)} where ${bad}`.execute(connection),
      );
      return `removed them, ${await embedAgain(under, { anew: false })}`;
    },
  );
}

async function indexes({ database, patiently, indexFromRows }: VectorsUnderTest): Promise<Finding> {
  const missing: string[] = [];
  const there = (await partitions(database)).filter((row) => row.there);
  for (const { version, table, indexed, index_valid } of there) {
    if (index_valid) continue;
    const { rows } = await sql<{
      rows: number;
    }>`select count(*)::int as rows from ${sql.table(table)}`.execute(database.connection);
    if (indexed || rows[0]!.rows >= indexFromRows) missing.push(version);
  }
  if (missing.length === 0) return fine("every partition that wants one has one");
  return wrong(
    `missing or not valid: ${missing.join(", ")}; exact searches answer, more slowly`,
    "futago doctor --fix builds it, which takes minutes for a large catalogue",
    () =>
      patiently(async ({ vectors }) => {
        for (const version of missing) await vectors.buildIndex(version);
        return `built ${missing.length}`;
      }),
  );
}

/** Embeds under the active version what is missing. */
function embedAgain(
  { patiently, blobs }: VectorsUnderTest,
  { anew }: { readonly anew: boolean },
): Promise<string> {
  return patiently(async ({ catalogue: store, vectors, versions }) => {
    const { version, manifestHash } = (await versions.active())!;
    const { towers, close } = await loadModel({ runtime: await createOrtRuntime(), blobs }, version, {
      manifestHash,
    });
    try {
      if (anew) await vectors.dropPartition(version);
      const done = await embedCatalogue({ towers, version, store, vectors });
      return `embedded ${done.embedded} items`;
    } finally {
      await close();
    }
  });
}
