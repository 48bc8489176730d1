import type { CatalogueSource } from "../../catalogue/mod.ts";
import { syncItems } from "../../sync/mod.ts";
import type { CliContext } from "../context.ts";
import type { Stores } from "../open-stores.ts";
import { openTargets } from "./open-targets.ts";

/**
 * Fetches items again, says what was done, and closes the models.
 *
 * @param ids Of the catalogue.
 * @param options From where, and whether vectors are made.
 */
export async function refetch(
  ids: readonly string[],
  {
    source,
    context,
    stores,
    embed,
  }: {
    readonly source: CatalogueSource;
    readonly context: CliContext;
    readonly stores: Stores;
    readonly embed: boolean;
  },
): Promise<void> {
  const { catalogue: store, sync: state, vectors } = stores.database;
  const targets = embed ? await openTargets(stores) : [];
  try {
    const { signal } = context;
    const done = await syncItems([...new Set(ids)], { source, store, state, vectors, targets, signal });
    const { inserted, updated, unchanged, embedded, failed, denied, missing } = done;
    context.say(`${inserted} new, ${updated} changed, ${unchanged} as they were, ${embedded} embedded`);
    if (failed + denied > 0) context.say(`${failed} failed, ${denied} may not be stored`);
    if (missing.length > 0) context.say(`${missing.length} not there any more`);
    context.result(done);
  } finally {
    for (const target of targets) await target.close();
  }
}
