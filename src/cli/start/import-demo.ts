import { type CatalogueStore, demoImport, runImport } from "../../catalogue/mod.ts";
import type { CliContext } from "../context.ts";

/**
 * Fills an empty store with the demo catalogue; goes on where a killed run stopped; leaves a store that holds
 * anything else alone.
 *
 * @param context For progress and Ctrl-C.
 * @param store Where to.
 */
export async function importDemo(context: CliContext, store: CatalogueStore): Promise<void> {
  const { items, people } = await store.counts();
  const plan = demoImport({ seed: 1 });
  const begun = (await store.importCursor(plan.source)) !== undefined;
  if (items + people > 0 && !begun) return;
  const { progress, signal } = context;
  await runImport(plan, store, { progress, signal });
  const counts = await store.counts();
  context.say(`A demo catalogue: ${counts.items} videos, ${counts.people} viewers, ${counts.events} events`);
}
