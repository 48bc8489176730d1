import { createRandom } from "../src/base/mod.ts";
import {
  type CatalogueStore,
  createDmmClient,
  createDmmSource,
  type DmmClientOptions,
  type DmmLimits,
  type Item,
} from "../src/catalogue/mod.ts";
import type { VectorStore } from "../src/embeddings/mod.ts";
import {
  type SyncCatalogueOptions,
  type SyncStore,
  type SyncSummary,
  syncCatalogue,
} from "../src/sync/mod.ts";
import { type FakeDmm, itemOf } from "./fake-dmm/mod.ts";

/** The moment syncs take place at. */
export const syncNow: number = Date.UTC(2026, 10, 20);

/** A tower that can be told what it cannot embed, and remembers what it embedded. */
export function countingTower() {
  const embedded: string[] = [];
  const bad = new Set<string>();
  return {
    embedded,
    bad,
    dims: 2,
    embedItems: async (items: readonly Item[]): Promise<Float32Array> => {
      if (items.some(({ id }) => bad.has(id))) throw new RangeError("Cannot embed as it is bad");
      embedded.push(...items.map(({ id }) => id));
      return Float32Array.from(items.flatMap(() => [1, 0]));
    },
  };
}

/** Where a sync writes. */
export interface SyncStores {
  readonly catalogue: CatalogueStore;
  readonly sync: SyncStore;
  readonly vectors: VectorStore;
}

/** Syncs with a fake server; a clock that only sleeping moves, so that nobody waits for a request a second. */
export function syncWorld(fake: FakeDmm, stores: SyncStores, limits: Partial<DmmLimits> = {}) {
  const time = { now: syncNow };
  const clock = { now: () => time.now };
  const tower = countingTower();
  const sleep: DmmClientOptions["sleep"] = async (ms) => {
    time.now += ms;
  };
  const source = () =>
    createDmmSource(
      createDmmClient({
        credentials: fake.credentials,
        fetch,
        clock,
        sleep,
        random: createRandom(1),
        baseUrl: fake.url,
        limits: { dailyRequests: 1_000_000, ...limits },
      }),
      { floors: fake.floors },
    );
  const sync = (options: Partial<SyncCatalogueOptions> = {}): Promise<SyncSummary> => {
    const { catalogue: store, sync: state, vectors } = stores;
    const targets = [{ version: "v1", towers: tower }];
    return syncCatalogue({ source: source(), store, state, vectors, targets, clock, ...options });
  };
  return { fake, stores, time, clock, tower, source, sync };
}

/** What the server has, as the catalogue should hold it, by id. */
export function expectedItems(fake: FakeDmm): ReadonlyMap<string, Item> {
  return new Map(
    fake.listing
      .all()
      .flatMap((facts) => itemOf(facts) ?? [])
      .map((item) => [item.id, item]),
  );
}

/** What the catalogue shows, by id. */
export async function storedItems(store: CatalogueStore): Promise<ReadonlyMap<string, Item>> {
  const found = new Map<string, Item>();
  for await (const page of store.items()) {
    for (const item of page) if (!item.withdrawn) found.set(item.id, item);
  }
  return found;
}
