import type { Item } from "../catalogue/mod.ts";
import { itemContentHash } from "../embeddings/mod.ts";
import type { QueuedPage } from "./page-queue.ts";
import { embedWhatCanBe, putWhatCanBe } from "./store-items.ts";
import type { SyncCatalogueOptions } from "./sync-catalogue.ts";
import type { SyncCursor } from "./sync-cursor.ts";
import type { FailedItem, SyncStep } from "./sync-store.ts";

/** What became of the items that were read. */
export interface KeptCounts {
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  /** Vectors made, over all versions. */
  readonly embedded: number;
  /** Items that could not be read, stored or embedded; they are on the list of failures. */
  readonly failed: number;
  /** Items that may not be stored. */
  readonly denied: number;
  /** Shown again, as they are back. */
  readonly restored: number;
}

/** Stores and embeds what comes, batch by batch. */
export interface BatchKeeper {
  /** Embeds those that could not be embedded before. */
  retryEmbedding(cursor: SyncCursor): Promise<void>;
  /** Stores a batch; its vectors may still be under way when this returns. */
  keep(pages: readonly QueuedPage[]): Promise<void>;
  /** Waits until nothing is under way. */
  flushed(): Promise<void>;
  counts(): KeptCounts;
}

interface Changed {
  readonly id: string;
  /** As its source has it; undefined where that is not known, and it is embedded whatever there is. */
  readonly hash: string | undefined;
}

/**
 * Makes a keeper.
 *
 * @param options Of the sync.
 * @returns The keeper.
 */
export async function createBatchKeeper(options: SyncCatalogueOptions): Promise<BatchKeeper> {
  const { source, store, state, vectors, targets = [] } = options;
  for (const { version, towers } of targets) await vectors.createPartition(version, towers.dims);
  const failing = new Map((await state.failures({ source: source.name })).map((each) => [each.id, each]));
  const tally = { inserted: 0, updated: 0, unchanged: 0, embedded: 0, failed: 0, denied: 0, restored: 0 };
  /** Tried in this run, and failed: once a run is enough. */
  const failedNow = new Set<string>();
  let embedding: Promise<void> = Promise.resolve();
  const commit = (step: Omit<SyncStep, "source">): Promise<void> => {
    // Of those that are not tried any more nothing new is said.
    const failed = step.failed.filter(({ id }) => failing.get(id)?.dead !== true && !failedNow.has(id));
    for (const { id } of failed) failedNow.add(id);
    tally.failed = failedNow.size;
    return state.commit({ ...step, source: source.name, failed });
  };
  const givenUp = (id: string): boolean =>
    failing.get(id)?.stage === "embed" && (failing.get(id)!.dead || failedNow.has(id));

  // Of a failure to embed a sync that embeds nothing knows nothing.
  const isOver = (id: string): boolean =>
    failing.has(id) && (targets.length > 0 || failing.get(id)!.stage !== "embed");

  /** Makes the vectors of items, read as they are stored: so a version embedded later finds the same. */
  const embed = async (rows: readonly Changed[]): Promise<readonly FailedItem[]> => {
    const failed: FailedItem[] = [];
    if (rows.length === 0) return failed;
    const wanted = new Map(rows.map(({ id, hash }) => [id, hash]));
    const due = await Promise.all(
      targets.map(async (target) => {
        // Of these alone: a sync holds no more of a large catalogue than of a small one.
        const known = await vectors.itemHashes(target.version, [...wanted.keys()]);
        const isDue = (id: string, hash = ""): boolean =>
          wanted.get(id) === undefined || known.get(id) !== hash;
        return { target, isDue };
      }),
    );
    const ids = rows.filter(({ id, hash }) => due.some(({ isDue }) => isDue(id, hash))).map(({ id }) => id);
    if (ids.length === 0) return failed;
    const items: Item[] = [];
    for await (const page of store.items({ ids })) items.push(...page.filter(({ withdrawn }) => !withdrawn));
    for (const { target, isDue } of due) {
      const own = items.filter((item) => isDue(item.id, itemContentHash(item)));
      const bad = await embedWhatCanBe(target, { vectors, items: own });
      tally.embedded += own.length - bad.length;
      failed.push(...bad);
    }
    return failed;
  };

  const keep: BatchKeeper["keep"] = async (pages) => {
    const cursor = pages.at(-1)!.cursor;
    const came = [...new Set(pages.flatMap(({ page }) => page.ids))];
    const latest = new Map(pages.flatMap(({ page }) => page.items.map((item) => [item.id, item] as const)));
    const denied = await state.denied(came);
    const seen = came.filter((id) => !denied.has(id));
    for (const id of denied) latest.delete(id);
    tally.denied += denied.size;
    const items = [...latest.values()];
    const put = await putWhatCanBe(store, items);
    tally.inserted += put.counts.inserted;
    tally.updated += put.counts.updated;
    tally.unchanged += put.counts.unchanged;
    tally.restored += (await state.restore(source.name, seen)).length;
    const unread = pages.flatMap(unreadItems).filter(({ id }) => !denied.has(id));
    const unstored = new Set(put.failed.map(({ id }) => id));
    const rows = items
      .filter(({ id }) => !unstored.has(id))
      .map((item): Changed => ({ id: item.id, hash: itemContentHash(item) }));
    // The next batch is stored while this one is embedded: the database and the model use different cores.
    await embedding;
    embedding = (async () => {
      const unembedded = await embed(rows.filter(({ id }) => !givenUp(id)));
      const failed = [...unread, ...put.failed, ...unembedded];
      const bad = new Set(failed.map(({ id }) => id));
      const whole = rows.map(({ id }) => id).filter((id) => !bad.has(id) && !givenUp(id));
      await commit({ cursor, seen, failed, recovered: whole.filter(isOver) });
    })();
    // Awaited by the next batch or at the end; until then a failure must not count as unhandled.
    embedding.catch(() => {});
  };

  return {
    keep,
    flushed: () => embedding,
    counts: () => ({ ...tally }),
    retryEmbedding: async (cursor) => {
      const again = [...failing.values()].filter(({ stage, dead }) => stage === "embed" && !dead);
      if (again.length === 0 || targets.length === 0) return;
      const failed = await embed(again.map(({ id }) => ({ id, hash: undefined })));
      const bad = new Set(failed.map(({ id }) => id));
      const recovered = again.map(({ id }) => id).filter((id) => !bad.has(id));
      await commit({ cursor, seen: [], failed, recovered });
      for (const id of recovered) failing.delete(id);
    },
  };
}

/** Rows whose id could be read and nothing else. */
function unreadItems({ page, offset }: QueuedPage): readonly FailedItem[] {
  const { ids, items, issues, rows } = page;
  const read = new Set(items.map(({ id }) => id));
  return ids.flatMap((id, i): FailedItem[] => {
    if (read.has(id)) return [];
    // Lines count the rows of a window, and ids are in their order; where one is missing it cannot be told whose issue is whose.
    const own = rows === ids.length ? issues.filter(({ line }) => line === offset + i + 1) : [];
    const reason = own.map(({ path, expected }) => `${path} must be ${expected}`).join("; ");
    return [{ id, stage: "read", reason: reason || "The row could not be read" }];
  });
}
