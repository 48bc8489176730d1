import { FutagoError } from "../base/mod.ts";
import type { SyncStore } from "./sync-store.ts";

/** How long a sync that says nothing of itself is believed to be under way, in milliseconds. */
export const leaseMsDefault = 30_000;

/** The place of the one sync of a source. */
export interface HeldLease {
  /** Whether another took it, as it was not kept for too long. */
  lost(): boolean;
  release(): Promise<void>;
}

/**
 * Takes the place of the one sync of a source, and keeps it until it is given back: three times within its time, so that
 * one lost answer of the database costs nothing.
 *
 * @param state Where it is kept.
 * @param options Whose it is, and for how long it is taken.
 * @returns The place.
 * @throws FutagoError `database_busy` While another sync of the source is under way.
 */
export async function holdLease(
  state: SyncStore,
  { source, leaseMs }: { readonly source: string; readonly leaseMs: number },
): Promise<HeldLease> {
  const owner = crypto.randomUUID();
  if (!(await state.lease(source, owner, leaseMs))) throw busyElsewhere(source);
  let lost = false;
  let keeping: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    keeping = state.lease(source, owner, leaseMs).then(
      (kept) => {
        lost ||= !kept;
      },
      // A database that is away is noticed by the sync itself.
      () => {},
    );
  }, leaseMs / 3);
  return {
    lost: () => lost,
    release: async () => {
      clearInterval(timer);
      await keeping;
      await state.release(source, owner).catch(() => {});
    },
  };
}

/** Why a sync does not go on. */
export function busyElsewhere(source: string): FutagoError {
  return new FutagoError(
    "database_busy",
    `Cannot sync "${source}" as one sync of a source may be under way: another is; wait for its end, or for half a minute where it was killed`,
  );
}
