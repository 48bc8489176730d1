import { sql } from "kysely";
import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { createRandom } from "../src/base/mod.ts";
import { demoImport, runImport } from "../src/catalogue/mod.ts";

// How many bytes a video, a viewer, an event and a vector take in Postgres, indexes included: what docs/guides/sizing.md is
// computed from. Fills a schema of its own on the server that DATABASE_URL names, and drops it.
//   DATABASE_URL=postgres://… node tools/measure-sizes.ts
const url = process.env["DATABASE_URL"];
if (url === undefined) throw new Error("Cannot measure as DATABASE_URL must name a Postgres server");
const counts = { items: 20_000, people: 2_000 };
const dims = 768;
const schema = `futago_sizes_${process.pid}`;
const database = await openDatabase({ url }, { schema });
const { catalogue, vectors, connection: db } = database;
try {
  await runImport(demoImport(counts), catalogue);
  const { events } = await catalogue.counts();
  await vectors.createPartition("v1", dims);
  const random = createRandom(1);
  const put = async (ids: readonly string[], store: typeof vectors.putItemVectors): Promise<void> => {
    for (let start = 0; start < ids.length; start += 1000) {
      const some = ids.slice(start, start + 1000);
      const numbers = Float32Array.from({ length: some.length * dims }, () => random.next() - 0.5);
      for (let row = 0; row < some.length; row++) {
        const vector = numbers.subarray(row * dims, (row + 1) * dims);
        const length = Math.hypot(...vector);
        for (let i = 0; i < dims; i++) vector[i] = vector[i]! / length;
      }
      await store("v1", { ids: some, vectors: numbers, contentHashes: some.map(() => "0".repeat(64)) });
    }
  };
  const ids = async (table: string, column: string): Promise<string[]> => {
    const { rows } = await sql<{ id: string }>`
      select ${sql.ref(column)} as id from ${sql.table(table)} order by 1`.execute(db);
    return rows.map(({ id }) => id);
  };
  await put(await ids("videos", "video_id"), vectors.putItemVectors);
  await put(await ids("profiles", "user_id"), vectors.putUserVectors);
  await vectors.buildIndex("v1");
  await sql`analyze`.execute(db);
  const bytes = async (what: "table" | "indexes" | "total", tables: readonly string[]): Promise<number> => {
    const { rows } = await sql<{ bytes: string }>`
      select sum(case ${what}::text when 'table' then pg_table_size(c.oid) when 'indexes' then pg_indexes_size(c.oid)
        else pg_total_relation_size(c.oid) end) as bytes
      from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
        and c.relname = any (${[...tables]}::text[])`.execute(db);
    return Number(rows[0]!.bytes);
  };
  const { rows: parts } = await sql<{ videos: string; users: string }>`
    select videos_table as videos, users_table as users from embedding_partitions`.execute(db);
  const [{ videos, users } = { videos: "", users: "" }] = parts;
  const described = ["videos", "video_performers", "video_tags", "performers", "tags", "video_popularity"];
  const happened = ["likes", "user_video_decisions", "video_views"];
  const each = (total: number, count: number): number => Math.round(total / count);
  console.log(
    JSON.stringify(
      {
        videoBytes: each(await bytes("total", described), counts.items),
        viewerBytes: each(await bytes("total", ["profiles"]), counts.people),
        eventBytes: each(await bytes("total", happened), events),
        videoVectorBytes: each(await bytes("table", [videos]), counts.items),
        videoIndexBytes: each(await bytes("indexes", [videos]), counts.items),
        viewerVectorBytes: each(await bytes("total", [users]), counts.people),
      },
      undefined,
      2,
    ),
  );
} finally {
  await sql`drop schema ${sql.id(schema)} cascade`.execute(db);
  await database.close();
}
