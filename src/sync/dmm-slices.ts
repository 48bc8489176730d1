import type { CatalogueStore, DmmSourceFromEnvOptions } from "../catalogue/mod.ts";
import { dmmSourceFromEnv } from "../catalogue/mod.ts";
import type { VectorStore } from "../embeddings/mod.ts";
import { type SyncSummary, syncCatalogue } from "./sync-catalogue.ts";
import type { SyncStore } from "./sync-store.ts";

/** How much of the DMM catalogue to sync at once. */
export interface DmmSliceRequest {
  /** @default as the environment says */
  readonly floors?: readonly string[] | undefined;
  /** Everything again; otherwise full until that has ended once, then incremental. */
  readonly full: boolean;
  /** No page is asked for after so many milliseconds. */
  readonly budgetMs: number;
}

/** Syncs a slice; the next call goes on where it ended. */
export type SyncDmmSlice = (request: DmmSliceRequest) => Promise<SyncSummary>;

/** What {@link dmmSlicesFromEnv} works with. */
export interface DmmSlicesOptions extends Omit<DmmSourceFromEnvOptions, "floors" | "limits" | "sleep"> {
  /** Waits so many milliseconds, less where the signal ends it. @default setTimeout */
  readonly sleep?: DmmSourceFromEnvOptions["sleep"];
  readonly store: CatalogueStore;
  readonly state: SyncStore;
  readonly vectors: VectorStore;
}

/** How long a page that is under way at the end of a slice is waited for, in milliseconds. */
const graceMs = 3000;

/**
 * Syncs of the DMM catalogue in slices that a request has time for. They make no vectors: an edge function has two seconds of
 * processor time; the job `embed-changed` makes them.
 *
 * @param env As `dmmSourceFromEnv` takes it.
 * @param options Stores and platform.
 * @returns How to sync a slice; undefined without `DMM_API_ID` and `DMM_AFFILIATE_ID`.
 * @throws TypeError Where they, or `DMM_FLOORS`, have another form.
 */
export function dmmSlicesFromEnv(
  env: Readonly<Record<string, string | undefined>>,
  { store, state, vectors, sleep = abortableSleep, ...given }: DmmSlicesOptions,
): SyncDmmSlice | undefined {
  const platform = { ...given, sleep };
  if (!env["DMM_API_ID"] && !env["DMM_AFFILIATE_ID"]) return undefined;
  // What is set wrong is told at the start, not to the first who asks.
  dmmSourceFromEnv(env, platform);
  return ({ floors, full, budgetMs }) =>
    syncCatalogue({
      source: dmmSourceFromEnv(env, { ...platform, floors }),
      ...{ store, state, vectors, budgetMs, clock: platform.clock },
      mode: full ? "full" : "auto",
      signal: AbortSignal.timeout(budgetMs + graceMs),
      batchPages: 5,
    });
}

function abortableSleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(ended, signal?.aborted ? 0 : ms);
    signal?.addEventListener("abort", ended, { once: true });
    function ended(): void {
      clearTimeout(timer);
      signal?.removeEventListener("abort", ended);
      resolve();
    }
  });
}
