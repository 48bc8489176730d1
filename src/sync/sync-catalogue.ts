import { type Clock, type Progress, silentProgress } from "../base/mod.ts";
import type { CatalogueSource, CatalogueStore } from "../catalogue/mod.ts";
import type { VectorStore } from "../embeddings/mod.ts";
import { busyElsewhere, holdLease, leaseMsDefault } from "./hold-lease.ts";
import { createBatchKeeper, type KeptCounts } from "./keep-batch.ts";
import { createPageQueue } from "./page-queue.ts";
import { readWindows } from "./read-windows.ts";
import type { SyncTarget } from "./store-items.ts";
import type { SyncCursor, SyncMode } from "./sync-cursor.ts";
import { nextPage, planSync } from "./sync-plan.ts";
import type { SyncStore } from "./sync-store.ts";

/** What {@link syncCatalogue} works with. */
export interface SyncCatalogueOptions {
  readonly source: CatalogueSource;
  readonly store: CatalogueStore;
  readonly state: SyncStore;
  /** Where the vectors of `targets` lie. */
  readonly vectors: VectorStore;
  /** Versions to embed under: the active one, and one that is being deployed. @default none */
  readonly targets?: readonly SyncTarget[];
  readonly clock: Clock;
  /** `auto`: full until a full sync of every partition has ended once, then incremental. @default "auto" */
  readonly mode?: SyncMode | "auto";
  /** Reads only items dated from then on, in milliseconds since 1970; such a sync finds nothing missing. */
  readonly from?: number;
  /** An incremental sync reads what is dated in so many milliseconds before now, and all that is announced. @default 45 days */
  readonly recentMs?: number;
  /** Stops after so many milliseconds, to go on at the next call. @default never */
  readonly budgetMs?: number;
  /** Stops after the page under way; what came is kept. */
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
  /**
   * Where more than 100 items and more than this share of them are gone, from 0 to 1, none is withdrawn: a source that suddenly
   * answers with little is rather broken. @default 0.2
   */
  readonly maxGoneShare?: number;
  /** How long after it was killed its place is free for another sync of the source, in milliseconds. @default 30000 */
  readonly leaseMs?: number;
  /** Pages stored and embedded together, at most. @default 10 */
  readonly batchPages?: number;
}

/** What a sync did. */
export interface SyncSummary extends KeptCounts {
  readonly mode: SyncMode;
  /** False where it was stopped: the same call goes on. */
  readonly finished: boolean;
  /** Pages asked for in this run. */
  readonly pages: number;
  /** Rows that came in this run. */
  readonly rows: number;
  /** What was not as it should be in them. */
  readonly issues: number;
  /** Windows that could not be read whole; a full sync that has one finds nothing missing in its partition. */
  readonly unread: number;
  /** Withdrawn, as two full syncs did not see them. */
  readonly withdrawn: number;
  /** Gone, but not withdrawn, as they are more than `maxGoneShare`; the next full sync looks again. */
  readonly heldBack: number;
}

/**
 * Brings the catalogue to what a source says, with the vectors of what changed. Windows of dates are split until they can be
 * paged and are read while what came before is stored and embedded; the cursor is committed after both. Stopped or killed
 * anywhere and called again, it goes on there: at most the pages between reading and storing are read twice.
 *
 * Items that fail are set aside with their reason and tried again: `read` and `store` when their page comes again, `embed` at
 * the beginning of the next sync.
 *
 * @param options Source, stores, and how much to read.
 * @returns What was done.
 * @throws FutagoError `database_busy` while another sync of the source is under way; as the source and the stores do; what came until then is kept.
 *
 * @example
 * ```ts no-run
 * import { type SyncCatalogueOptions, syncCatalogue } from "futago";
 * declare const options: SyncCatalogueOptions;
 * const { finished, inserted, updated } = await syncCatalogue(options);
 * ```
 */
export async function syncCatalogue(options: SyncCatalogueOptions): Promise<SyncSummary> {
  const lease = await holdLease(options.state, {
    source: options.source.name,
    leaseMs: options.leaseMs ?? leaseMsDefault,
  });
  try {
    return await syncAlone(options, lease.lost);
  } finally {
    await lease.release();
  }
}

async function syncAlone(options: SyncCatalogueOptions, lost: () => boolean): Promise<SyncSummary> {
  const { source, state, clock, signal, maxGoneShare, batchPages = 10 } = options;
  const began = clock.now();
  const cursor = await openCursor(options);
  const keeper = await createBatchKeeper(options);
  await keeper.retryEmbedding(cursor);
  const queue = createPageQueue(2 * batchPages);
  const task = (options.progress ?? silentProgress).start(`Syncing ${source.name}`);
  const stopped = (): boolean =>
    lost() || (signal?.aborted ?? false) || clock.now() - began >= (options.budgetMs ?? Infinity);
  const reading = readWindows(cursor, { source, queue, stopped, signal, task, clock });
  // Its failure is thrown below, once what came before it is kept.
  reading.catch(() => {});
  try {
    for (;;) {
      const pages = await queue.take(batchPages);
      if (pages.length === 0) break;
      await keeper.keep(pages);
    }
    await keeper.flushed();
    const read = await reading;
    const finished = nextPage(read.cursor, source.limits) === undefined;
    if (lost()) throw busyElsewhere(source.name);
    const { withdrawn, heldBack } = finished
      ? await state.finish(source.name, read.cursor, maxGoneShare === undefined ? {} : { maxGoneShare })
      : { withdrawn: 0, heldBack: 0 };
    const counts = keeper.counts();
    for (const { version } of finished && counts.embedded > 0 ? (options.targets ?? []) : []) {
      await options.vectors.buildIndex(version);
    }
    const { pages, rows, issues, unread } = read;
    return { mode: cursor.mode, finished, pages, rows, issues, unread, withdrawn, heldBack, ...counts };
  } finally {
    // Where keeping failed, reading must not go on for nobody.
    queue.close();
    await reading.catch(() => {});
    await keeper.flushed().catch(() => {});
    task.done();
  }
}

/** Where the sync goes on, or a new one. */
async function openCursor(options: SyncCatalogueOptions): Promise<SyncCursor> {
  const { source, state, clock, signal, from, mode: asked = "auto", recentMs = 45 * 86_400_000 } = options;
  const partitions = await source.partitions(signal === undefined ? {} : { signal });
  const sweeps = await state.sweeps(source.name);
  const whole = partitions.every(({ id }) => sweeps.has(id));
  // A source with one window answers for all of it each time.
  const mode =
    source.limits.windowMs === undefined || asked === "full" || (asked === "auto" && !whole)
      ? "full"
      : "incremental";
  const kept = await state.cursor(source.name, mode);
  const same = kept?.partitions.map(({ id }) => id).join() === partitions.map(({ id }) => id).join();
  if (kept !== undefined && same && kept.from === from) return kept;
  const last = Math.max(0, ...sweeps.values());
  const sweep = mode === "full" ? last + 1 : last;
  const now = clock.now();
  return planSync(partitions, { mode, sweep, now, recentMs, ...(from === undefined ? {} : { from }) });
}
