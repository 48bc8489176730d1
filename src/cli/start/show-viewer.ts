import type { CatalogueStore } from "../../catalogue/mod.ts";
import type { InferenceEngine } from "../../recommend/mod.ts";
import type { CliContext } from "../context.ts";
import { tableOf } from "../table.ts";
import { titlesOf } from "../titles.ts";

/**
 * Shows what one viewer liked last and what they are recommended, by title, and how to ask for it.
 *
 * @param context Where to say it.
 * @param shown Where the answers come from, and the server's address.
 */
export async function showViewer(
  context: CliContext,
  shown: { readonly store: CatalogueStore; readonly engine: InferenceEngine; readonly url: string },
): Promise<void> {
  const { store, engine, url } = shown;
  const viewer = await someViewer(store);
  const ask = `curl -s ${url}/functions/v1/two_tower_recommendations -H 'content-type: application/json' -d '{"user_id": "${viewer ?? "…"}", "limit": 10}'`;
  if (viewer !== undefined) {
    const history = await store.history(viewer, { limit: 300 });
    const likes = (history?.events ?? [])
      .filter((event) => event.kind === "like")
      .slice(-5)
      .reverse();
    context.say(`\n${viewer} liked lately:`);
    for (const { itemId } of likes) context.say(`     ${history?.items.get(itemId)?.title ?? itemId}`);
    const { recommendations, source } = await engine.recommend(viewer, { limit: 10 });
    const titles = await titlesOf(
      store,
      recommendations.map(({ itemId }) => itemId),
    );
    context.say(`\nRecommended to ${viewer} (${source}):`);
    const rows = recommendations.map(({ rank, itemId, score }) => [
      rank,
      titles.get(itemId) ?? itemId,
      score.toFixed(3),
    ]);
    for (const line of tableOf(rows)) context.say(`  ${line}`);
  }
  context.say(`\nListening on ${url}\n\n  ${ask}\n\nCtrl-C stops it; the next start is up in seconds.`);
  context.result({ url, viewer: viewer ?? null });
}

async function someViewer(store: CatalogueStore): Promise<string | undefined> {
  let looked = 0;
  for await (const page of store.people({ pageSize: 50 })) {
    for (const { id, ageConfirmedAt } of page) {
      if (ageConfirmedAt === undefined) continue;
      const history = await store.history(id, { limit: 50 });
      if (history !== undefined && history.events.filter((event) => event.kind === "like").length >= 10)
        return id;
      if (++looked >= 200) return undefined;
    }
  }
  return undefined;
}
