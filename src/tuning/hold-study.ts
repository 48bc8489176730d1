import { FutagoError } from "../base/mod.ts";
import type { StudyStore } from "./study-store.ts";

/** How long who says nothing of itself is believed to work on a study, in milliseconds. */
const leaseMs = 30_000;

/** The place of the one who works on a study. */
export interface HeldStudy {
  /** Aborted when another took the place, as it was not kept for too long. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/**
 * Takes the place of the one who works on a study, and keeps it until it is given back: three times within its time, so
 * that one lost answer of the database costs nothing.
 *
 * @param store Where it is kept; the study exists.
 * @param name Which study.
 * @returns The place.
 * @throws FutagoError `database_busy` while another has it.
 */
export async function holdStudy(store: StudyStore, name: string): Promise<HeldStudy> {
  const owner = crypto.randomUUID();
  const busy = () =>
    new FutagoError(
      "database_busy",
      `Cannot work on study "${name}" as one process at a time may: another does; wait for its end, or for half a minute where it was killed`,
    );
  if (!(await store.lease(name, owner, leaseMs))) throw busy();
  const lost = new AbortController();
  let keeping: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    keeping = store.lease(name, owner, leaseMs).then(
      (kept) => {
        if (!kept) lost.abort(busy());
      },
      // A database that is away is noticed when the next trial is saved.
      () => {},
    );
  }, leaseMs / 3);
  return {
    lost: lost.signal,
    release: async () => {
      clearInterval(timer);
      await keeping;
      await store.release(name, owner).catch(() => {});
    },
  };
}
