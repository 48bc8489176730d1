import { sql } from "kysely";
import { FutagoError } from "../../base/mod.ts";
import { withBriefLocks } from "./brief-locks.ts";
import type { Connection } from "./connection.ts";

/**
 * Counts popularity anew from the likes. Triggers keep it with every like; this mends what a restored backup or a change
 * behind their back left wrong, and the rounding of sums that were added to and subtracted from for months.
 *
 * @param db A migrated database.
 * @returns How many videos had another popularity.
 * @throws FutagoError `database_busy` where likes are being written without a pause.
 */
export async function refreshPopularity(db: Connection): Promise<number> {
  return withBriefLocks(db, {
    work: async (trx) => {
      // A like that came while it is counted would be counted twice, or not at all.
      await sql`lock table likes in share row exclusive mode`.execute(trx);
      const { rows } = await sql`
        insert into video_popularity as p (video_id, likes, weight)
        select video_id, count(l.video_id)::integer, coalesce(sum(like_weight(l.created_at)) filter (where l.video_id is not null), 0)
        from (select video_id from video_popularity union select video_id from likes) v
        left join likes l using (video_id) group by video_id order by video_id
        on conflict (video_id) do update set likes = excluded.likes, weight = excluded.weight
        where p.likes <> excluded.likes
          or abs(p.weight - excluded.weight) > 1e-9 * greatest(p.weight, excluded.weight)
        returning video_id`.execute(trx);
      return rows.length;
    },
    busy: (cause) =>
      new FutagoError(
        "database_busy",
        "Cannot count popularity as likes must not change for a moment: they do; run it again when no import runs",
        { cause },
      ),
  });
}
