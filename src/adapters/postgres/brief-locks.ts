import { sql } from "kysely";
import type { FutagoError } from "../../base/mod.ts";
import type { Connection } from "./connection.ts";

/** What {@link withBriefLocks} is given. */
export interface BriefLocksOptions<Result> {
  /** What comes first and may wait for as long as it takes; it must not be in anybody's way. */
  readonly first?: (trx: Connection) => Promise<unknown>;
  /** What needs the locks; must depend on nothing that an earlier attempt did. */
  readonly work: (trx: Connection) => Promise<Result>;
  /** What is thrown where it never gets them. */
  readonly busy: (cause: unknown) => FutagoError;
}

const attempts = 20;

/**
 * A transaction that changes tables while others use them. Who waits for a table makes everybody behind wait, too, even
 * those whom the one that holds it would not have kept. So it waits for 0.1 s at most, lets everybody pass, and tries
 * again, for some twenty seconds.
 *
 * @param db Where.
 * @param options What to do.
 * @returns What `work` gave.
 */
export async function withBriefLocks<Result>(
  db: Connection,
  { first, work, busy }: BriefLocksOptions<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(async (trx) => {
        await first?.(trx);
        await sql`select set_config('lock_timeout', '100ms', true)`.execute(trx);
        return work(trx);
      });
    } catch (error) {
      if (!isKeptOut(error)) throw error;
      if (attempt === attempts) throw busy(error);
    }
    await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 100 * attempt));
  }
}

// lock_not_available, deadlock_detected.
function isKeptOut(error: unknown): boolean {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return code === "55P03" || code === "40P01";
}
