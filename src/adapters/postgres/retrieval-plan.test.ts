import { sql } from "kysely";
import { expect, test } from "vitest";
import { createRandom } from "../../base/mod.ts";
import type { NearestQuery } from "../../embeddings/mod.ts";
import { describeDatabases } from "./databases.conformance.ts";

const count = 2000;
const dims = 8;
const version = "v1";

describeDatabases("how the nearest are found", (open) => {
  /** Every second video is common, every hundredth rare, and the 600 that are farthest from the query are far. */
  async function filled() {
    // One session, so that its counters are all there are.
    const database = await open({ indexFromRows: 1, maxConnections: 1 });
    const { catalogue, vectors, connection } = database;
    const random = createRandom(3);
    const rows = Float32Array.from({ length: count * dims }, () => random.normal());
    for (let i = 0; i < count; i++) {
      const row = rows.subarray(i * dims, (i + 1) * dims);
      const length = Math.hypot(...row);
      for (let d = 0; d < dims; d++) row[d]! /= length;
    }
    const vector = rows.slice(0, dims);
    const ids = Array.from({ length: count }, (_, i) => `v${i}`);
    const score = (i: number): number => vector.reduce((sum, x, d) => sum + x * rows[i * dims + d]!, 0);
    const nearestFirst = [...ids.keys()].sort((a, b) => score(b) - score(a));
    const far = new Set(nearestFirst.slice(-600));
    await catalogue.putItems(
      ids.map((id, i) => {
        const genres = ["any"];
        if (i % 2 === 0) genres.push("common");
        if (i % 100 === 0) genres.push("rare");
        if (far.has(i)) genres.push("far");
        return { id, title: id, fields: { genres } };
      }),
    );
    await vectors.createPartition(version, dims);
    await vectors.putItemVectors(version, { ids, vectors: rows, contentHashes: ids });
    await vectors.buildIndex(version);

    // How often the vectors were read through their HNSW index, and how often in any other way.
    const reads = async () => {
      await sql`select pg_stat_force_next_flush()`.execute(connection);
      const { rows: counted } = await sql<{ hnsw: number; other: number }>`
        select coalesce(sum(i.idx_scan) filter (where i.indexrelname like '%\\_hnsw'), 0)::int as hnsw,
          (min(t.seq_scan) + coalesce(sum(i.idx_scan) filter (where i.indexrelname not like '%\\_hnsw'), 0))::int as other
        from embedding_partitions p join pg_stat_user_tables t on t.relid = p.videos_table::regclass
        join pg_stat_user_indexes i using (relid)`.execute(connection);
      return counted[0]!;
    };
    /** What was found, and how. */
    const ask = async (more: Partial<NearestQuery> = {}) => {
      const before = await reads();
      const found = await vectors.nearest({ version, vector, limit: 20, ...more });
      const after = await reads();
      const ways = [after.hnsw > before.hnsw && "index", after.other > before.other && "exact"];
      return {
        ids: found.map(({ itemId }) => itemId),
        by: ways.filter((way) => way !== false).join(" then "),
      };
    };
    const best = (among: (i: number) => boolean): string[] =>
      nearestFirst
        .filter(among)
        .slice(0, 20)
        .map((i) => ids[i]!);
    return { ...database, ask, best, far };
  }

  test("by the index where most match, exactly where few do", async () => {
    const { ask, best, far, connection } = await filled();
    for (const filter of [
      undefined,
      { genres: ["common"] },
      { excludeMakers: ["unknown"], genres: ["any"] },
    ]) {
      const { ids, by } = await ask(filter === undefined ? {} : { filter });
      expect(by).toBe("index");
      const exact = new Set(best((i) => filter?.genres?.[0] !== "common" || i % 2 === 0));
      expect(ids.filter((id) => exact.has(id)).length).toBeGreaterThanOrEqual(18);
      expect(ids).toHaveLength(20);
    }
    const rare = await ask({ filter: { genres: ["rare"] } });
    expect(rare.by).toBe("exact");
    expect(new Set(rare.ids)).toEqual(new Set(best((i) => i % 100 === 0)));
    // Many match, but far from where the index looks: it is left before it has gone through them all.
    const elsewhere = await ask({ filter: { genres: ["far"] } });
    expect(elsewhere.by).toBe("index then exact");
    expect(new Set(elsewhere.ids)).toEqual(new Set(best((i) => far.has(i))));
    // Nothing of it stays behind in the session, which a pooler hands to the next.
    const { rows } = await sql<{ scan: string; tuples: string; ef: string }>`
      select current_setting('hnsw.iterative_scan') as scan, current_setting('hnsw.max_scan_tuples') as tuples,
        current_setting('hnsw.ef_search') as ef`.execute(connection);
    expect(rows).toEqual([{ scan: "off", tuples: "20000", ef: "40" }]);
  });

  test("by the index past any number of take-downs, and without it where somebody dropped it", async () => {
    const { ask, best, connection } = await filled();
    await sql`update videos set withdrawn = true where substr(video_id, 2)::int % 10 > 0`.execute(connection);
    const { ids, by } = await ask();
    expect(by).toBe("index");
    const exact = new Set(best((i) => i % 10 === 0));
    expect(ids.filter((id) => exact.has(id)).length).toBeGreaterThanOrEqual(18);
    expect(ids).toHaveLength(20);
    const { rows } = await sql<{ name: string }>`select indexrelname as name from pg_stat_user_indexes
      where schemaname = current_schema() and indexrelname like '%\_hnsw'`.execute(connection);
    await sql`drop index ${sql.table(rows[0]!.name)}`.execute(connection);
    const without = await ask();
    expect(without.by).toBe("exact");
    expect(new Set(without.ids)).toEqual(exact);
  });
});
