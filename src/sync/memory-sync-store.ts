import type { CatalogueStore } from "../catalogue/mod.ts";
import type { SyncCursor } from "./sync-cursor.ts";
import {
  type Denial,
  fewGone,
  maxGoneShareDefault,
  maxSyncAttempts,
  type SyncFailure,
  type SyncStore,
} from "./sync-store.ts";

interface SeenItem {
  readonly source: string;
  readonly id: string;
  readonly sweep: number;
  readonly missing: boolean;
}

/**
 * What syncs keep, in memory: the reference for what every {@link SyncStore} does. A denied item is kept out by the sync
 * alone here, and a take-down of a missing item is not told from its absence; the database does both.
 *
 * @param catalogue Whose items are withdrawn and put back.
 * @param options `now`: milliseconds since 1970.
 * @returns An empty store.
 */
export function createMemorySyncStore(
  catalogue: CatalogueStore,
  { now = () => 0 }: { readonly now?: () => number } = {},
): SyncStore {
  const cursors = new Map<string, { source: string; cursor: SyncCursor }>();
  const sweeps = new Map<string, Map<string, number>>();
  const items = new Map<string, SeenItem>();
  const failures = new Map<string, SyncFailure>();
  const denials = new Map<string, Denial>();
  const leases = new Map<string, { readonly owner: string; readonly until: number }>();
  const sweepsOf = (source: string) => sweeps.get(source) ?? new Map<string, number>();
  const here = async (ids: readonly string[]) => {
    const found = new Map<string, boolean>();
    if (ids.length === 0) return found;
    for await (const page of catalogue.items({ ids })) {
      for (const item of page) found.set(item.id, item.withdrawn ?? false);
    }
    return found;
  };

  return {
    cursor: async (source, mode) => cursors.get(key(source, mode))?.cursor,
    sweeps: async (source) => new Map(sweepsOf(source)),
    denied: async (ids) => new Set(ids.filter((id) => denials.has(id))),
    restore: async (source, ids) => {
      const back = ids.filter((id) => items.get(key(source, id))?.missing && !denials.has(id));
      for (const id of back) {
        items.set(key(source, id), { ...items.get(key(source, id))!, missing: false });
        await catalogue.setWithdrawn(id, false);
      }
      return back;
    },
    commit: async ({ source, cursor, seen, failed, recovered }) => {
      const stored = await here(seen);
      for (const id of seen) {
        const known = items.get(key(source, id));
        if (!stored.has(id)) continue;
        items.set(key(source, id), {
          source,
          id,
          sweep: Math.max(known?.sweep ?? 0, cursor.sweep),
          missing: known?.missing ?? false,
        });
      }
      for (const id of recovered) failures.delete(key(source, id));
      for (const failure of failed) {
        const attempts = (failures.get(key(source, failure.id))?.attempts ?? 0) + 1;
        const dead = attempts >= maxSyncAttempts;
        failures.set(key(source, failure.id), { ...failure, source, attempts, dead, lastAt: now() });
      }
      cursors.set(key(source, cursor.mode), { source, cursor: structuredClone(cursor) });
    },
    finish: async (source, cursor, { maxGoneShare = maxGoneShareDefault } = {}) => {
      cursors.delete(key(source, cursor.mode));
      const gone: SeenItem[] = [];
      let shownInAll = 0;
      for (const { id: partition, idPrefix } of cursor.partitions.filter(({ whole }) => whole)) {
        const before = sweepsOf(source).get(partition) ?? 0;
        if (before >= cursor.sweep) continue;
        const own = [...items.values()].filter(
          (item) => item.source === source && item.id.startsWith(idPrefix) && !item.missing,
        );
        const withdrawn = await here(own.map(({ id }) => id));
        const shown = own.filter(({ id }) => withdrawn.get(id) === false);
        shownInAll += shown.length;
        gone.push(...shown.filter(({ sweep }) => sweep < before));
        sweeps.set(source, sweepsOf(source).set(partition, cursor.sweep));
      }
      if (gone.length > fewGone && gone.length > maxGoneShare * shownInAll) {
        return { withdrawn: 0, heldBack: gone.length };
      }
      for (const item of gone) {
        await catalogue.setWithdrawn(item.id, true);
        items.set(key(source, item.id), { ...item, missing: true });
      }
      return { withdrawn: gone.length, heldBack: 0 };
    },
    lease: async (source, owner, milliseconds) => {
      const held = leases.get(source);
      if (held !== undefined && held.owner !== owner && held.until > now()) return false;
      leases.set(source, { owner, until: now() + milliseconds });
      return true;
    },
    release: async (source, owner) => {
      if (leases.get(source)?.owner === owner) leases.delete(source);
    },
    deny: async (id, reason) => {
      denials.set(id, { id, reason, deniedAt: denials.get(id)?.deniedAt ?? now() });
      await catalogue.setWithdrawn(id, true);
      for (const [at, item] of items) if (item.id === id) items.delete(at);
      for (const [at, failure] of failures) if (failure.id === id) failures.delete(at);
    },
    allow: async (id) => denials.delete(id),
    denials: async () => [...denials.values()].sort((a, b) => b.deniedAt - a.deniedAt || byId(a, b)),
    failures: async ({ source, stage, dead } = {}) =>
      [...failures.values()]
        .filter(
          (failure) =>
            (source ?? failure.source) === failure.source &&
            (stage ?? failure.stage) === failure.stage &&
            (dead ?? failure.dead) === failure.dead,
        )
        .sort((a, b) => b.lastAt - a.lastAt || byId(a, b)),
    retry: async (ids) => {
      const dead = [...failures].filter(([, { id, dead: is }]) => is && (ids?.includes(id) ?? true));
      for (const [at, failure] of dead) failures.set(at, { ...failure, dead: false, attempts: 0 });
      return dead.length;
    },
    status: async () => {
      const all = [...items.values()];
      const of = <Row extends { readonly source: string }>(rows: Iterable<Row>, source: string) =>
        [...rows].filter((row) => row.source === source);
      const sources = new Set(
        [...all, ...failures.values(), ...cursors.values()].map(({ source }) => source),
      );
      return [...sources].sort().map((source) => ({
        source,
        items: of(all, source).length,
        missing: of(all, source).filter(({ missing }) => missing).length,
        failing: of(failures.values(), source).filter(({ dead }) => !dead).length,
        dead: of(failures.values(), source).filter(({ dead }) => dead).length,
        sweeps: Object.fromEntries(sweepsOf(source)),
        cursors: of(cursors.values(), source).map(({ cursor }) => cursor),
      }));
    },
  };
}

function key(source: string, rest: string): string {
  return `${source}\0${rest}`;
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
