import type { Connection } from "./connection.ts";

const attempts = 5;

/**
 * A transaction that is run again where Postgres ended it to resolve a deadlock. Two large batches that like the same
 * videos may wait for each other, whatever order either locks them in.
 *
 * @param db Where to.
 * @param work What to do; must depend on nothing that an earlier attempt did.
 * @returns What `work` gave.
 */
export async function repeatDeadlocked<Result>(
  db: Connection,
  work: (trx: Connection) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      if (attempt === attempts || !isDeadlock(error)) throw error;
    }
  }
}

// deadlock_detected and serialization_failure.
function isDeadlock(error: unknown): boolean {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    (error.code === "40P01" || error.code === "40001")
  );
}
