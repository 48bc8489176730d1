import { FutagoError } from "../../base/mod.ts";
import type { CatalogueSource } from "../../catalogue/mod.ts";
import { type SyncMode, type SyncSummary, syncCatalogue } from "../../sync/mod.ts";
import type { CliContext } from "../context.ts";
import type { Stores } from "../open-stores.ts";
import { openTargets } from "./open-targets.ts";

/** What every sync takes. */
export interface RunSyncOptions {
  readonly mode: SyncMode | "auto";
  /** Milliseconds since 1970. */
  readonly from?: number | undefined;
  /** Whether vectors are made in the same pass. */
  readonly embed: boolean;
  /** Withdraws what is gone, however much it is. */
  readonly allowWithdrawals: boolean;
}

/**
 * Syncs, says what was done, and closes the models.
 *
 * @param source From where.
 * @param options How much of it.
 * @returns Nothing; FutagoError `cancelled` where it was stopped.
 */
export async function runSync(
  source: CatalogueSource,
  { context, stores, ...options }: RunSyncOptions & { readonly context: CliContext; readonly stores: Stores },
): Promise<void> {
  const { catalogue: store, sync: state, vectors } = stores.database;
  const targets = options.embed ? await openTargets(stores) : [];
  const { mode, from, allowWithdrawals } = options;
  const { signal, progress } = context;
  try {
    const summary = await syncCatalogue({
      ...{ source, store, state, vectors, targets, mode, signal, progress },
      clock: Date,
      ...(allowWithdrawals ? { maxGoneShare: 1 } : {}),
      ...(from === undefined ? {} : { from }),
    });
    for (const line of describeSync(summary)) context.say(line);
    context.result(summary);
    if (summary.heldBack > 0) {
      throw new FutagoError(
        "import_rejected",
        `Cannot withdraw ${summary.heldBack} items as at most a fifth may be gone at once: nothing was withdrawn; look at the source, then run the same with --full --allow-withdrawals`,
      );
    }
    if (summary.finished) return;
    throw new FutagoError(
      "cancelled",
      "Cannot finish the sync as it was stopped: run the same again to go on",
    );
  } finally {
    for (const target of targets) await target.close();
  }
}

function describeSync(summary: SyncSummary): readonly string[] {
  const { mode, pages, rows, inserted, updated, unchanged, embedded } = summary;
  return [
    `${mode}: ${rows} rows in ${pages} pages; ${inserted} new, ${updated} changed, ${unchanged} as they were, ${embedded} embedded`,
    ...(summary.withdrawn + summary.restored > 0
      ? [`${summary.withdrawn} withdrawn as they are gone, ${summary.restored} shown again`]
      : []),
    ...(summary.failed > 0 ? [`${summary.failed} failed: futago sync failures list says why`] : []),
    ...(summary.denied > 0 ? [`${summary.denied} may not be stored`] : []),
    ...(summary.unread > 0
      ? [`${summary.unread} windows could not be read whole; the next sync tries again`]
      : []),
  ];
}
