import { sql } from "kysely";
import { expect, test } from "vitest";
import { describeDatabases } from "./databases.conformance.ts";
import { refreshPopularity } from "./refresh-popularity.ts";

describeDatabases("popularity counted anew", (open) => {
  test("mends what is wrong and leaves what is right", async () => {
    const { catalogue, connection, vectors } = await open();
    await catalogue.putBatch({
      items: ["a", "b", "c"].map((id) => ({ id, title: id, fields: {} })),
      people: ["p", "q"].map((id) => ({ id, fields: {} })),
      events: [
        { personId: "p", itemId: "a", kind: "like", at: Date.UTC(2026, 10, 1) },
        { personId: "q", itemId: "a", kind: "like", at: Date.UTC(2026, 10, 1) },
        { personId: "q", itemId: "b", kind: "like", at: Date.UTC(2026, 10, 1) },
      ],
    });
    const before = await vectors.popular({ limit: 3 });
    expect(await refreshPopularity(connection)).toBe(0);
    await sql`update video_popularity set likes = 7, weight = 7 where video_id = 'b'`.execute(connection);
    await sql`delete from video_popularity where video_id = 'a'`.execute(connection);
    await sql`insert into video_popularity values ('c', 5, 5)`.execute(connection);
    expect(await refreshPopularity(connection)).toBe(3);
    expect((await vectors.popular({ limit: 2 })).map(({ itemId }) => itemId)).toEqual(
      before.slice(0, 2).map(({ itemId }) => itemId),
    );
    const { rows } = await sql<{ likes: number }>`
      select likes from video_popularity order by video_id`.execute(connection);
    expect(rows).toEqual([{ likes: 2 }, { likes: 1 }, { likes: 0 }]);
  });
});
