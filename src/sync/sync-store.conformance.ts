import { expect, test } from "vitest";
import type { CatalogueStore } from "../catalogue/mod.ts";
import type { SyncCursor } from "./sync-cursor.ts";
import { maxSyncAttempts, type SyncStep, type SyncStore } from "./sync-store.ts";

/** An empty store and the catalogue that it belongs to. */
export interface SyncStoreWorld {
  readonly state: SyncStore;
  readonly catalogue: CatalogueStore;
}

/**
 * What every {@link SyncStore} does.
 *
 * @param open Makes an empty one.
 */
export function testSyncStore(open: () => Promise<SyncStoreWorld>): void {
  const cursorOf = (sweep: number, whole = true): SyncCursor => ({
    mode: "full",
    sweep,
    startedAt: 5,
    partitions: [{ id: "a/floor", idPrefix: "s:a:", whole }],
    pending: [{ partition: "a/floor", from: 0, to: 1000, atLeast: 3 }],
    position: { offset: 100, total: 250, distinct: 99, again: 1 },
    pages: 7,
    rows: 640,
  });
  const nothing = { withdrawn: 0, heldBack: 0 };
  const step = (sweep: number, ids: readonly string[]): SyncStep => ({
    source: "shop",
    cursor: cursorOf(sweep),
    seen: ids,
    failed: [],
    recovered: [],
  });
  const filled = async (): Promise<SyncStoreWorld> => {
    const world = await open();
    await world.catalogue.putItems(
      ["s:a:1", "s:a:2", "s:b:1"].map((id) => ({ id, title: "A film", fields: {} })),
    );
    return world;
  };
  const shown = async (catalogue: CatalogueStore): Promise<readonly string[]> => {
    const ids: string[] = [];
    for await (const page of catalogue.items()) {
      ids.push(...page.filter(({ withdrawn }) => !withdrawn).map(({ id }) => id));
    }
    return ids;
  };

  test("a cursor is kept with what was read until there, and goes when the sync ends", async () => {
    const { state } = await filled();
    expect(await state.cursor("shop", "full")).toBeUndefined();
    await state.commit(step(1, ["s:a:1", "s:a:1", "s:unknown"]));
    expect(await state.cursor("shop", "full")).toEqual(cursorOf(1));
    expect(await state.cursor("shop", "incremental")).toBeUndefined();
    expect(await state.cursor("other", "full")).toBeUndefined();
    expect(await state.status()).toMatchObject([{ source: "shop", items: 1 }]);
    expect(await state.finish("shop", cursorOf(1))).toEqual(nothing);
    expect(await state.cursor("shop", "full")).toBeUndefined();
    expect(await state.sweeps("shop")).toEqual(new Map([["a/floor", 1]]));
  });

  test("what two whole syncs miss is withdrawn, in the partitions that they read", async () => {
    const { state, catalogue } = await filled();
    await state.commit(step(1, ["s:a:1", "s:a:2", "s:b:1"]));
    expect(await state.finish("shop", cursorOf(1))).toEqual(nothing);
    for (const sweep of [2, 3]) {
      await state.commit(step(sweep, ["s:a:2"]));
      // One that did not read everything says nothing of what it did not see.
      expect(await state.finish("shop", cursorOf(sweep, false))).toEqual(nothing);
      expect(await state.finish("shop", cursorOf(sweep))).toEqual({
        withdrawn: sweep === 2 ? 0 : 1,
        heldBack: 0,
      });
      // Killed before it heard of it, it ends once more.
      expect(await state.finish("shop", cursorOf(sweep))).toEqual(nothing);
    }
    expect(await shown(catalogue)).toEqual(["s:a:2", "s:b:1"]);
    expect(await state.status()).toMatchObject([
      { source: "shop", items: 3, missing: 1, sweeps: { "a/floor": 3 } },
    ]);
    expect(await state.restore("shop", ["s:a:1", "s:a:2"])).toEqual(["s:a:1"]);
    expect(await state.restore("shop", ["s:a:1", "s:a:2"])).toEqual([]);
    expect(await shown(catalogue)).toEqual(["s:a:1", "s:a:2", "s:b:1"]);
  });

  test("more than a hundred gone items that are more than a share of all are held back until that is allowed", async () => {
    const { state, catalogue } = await open();
    const ids = Array.from({ length: 505 }, (_, i) => `s:a:${String(i).padStart(3, "0")}`);
    await catalogue.putItems(ids.map((id) => ({ id, title: "A film", fields: {} })));
    await state.commit(step(1, ids));
    await state.finish("shop", cursorOf(1));
    const sweeps = [
      [102, nothing],
      [102, { withdrawn: 0, heldBack: 102 }],
      // One of them is back: a fifth is believed.
      [101, { withdrawn: 101, heldBack: 0 }],
    ] as const;
    for (const [n, [gone, ended]] of sweeps.entries()) {
      await state.commit(step(n + 2, ids.slice(gone)));
      expect(await shown(catalogue)).toEqual(ids);
      expect(await state.finish("shop", cursorOf(n + 2))).toEqual(ended);
    }
    for (const sweep of [5, 6]) await state.finish("shop", cursorOf(sweep));
    expect((await shown(catalogue)).length).toBe(404);
    await state.commit(step(7, []));
    expect(await state.finish("shop", cursorOf(7), { maxGoneShare: 1 })).toEqual({
      withdrawn: 404,
      heldBack: 0,
    });
  });

  test("one owner at a time has the place of the sync of a source, until it is given back or over", async () => {
    const { state } = await open();
    expect(await state.lease("shop", "one", 60_000)).toBe(true);
    expect(await state.lease("shop", "one", 60_000)).toBe(true);
    expect(await state.lease("shop", "two", 60_000)).toBe(false);
    expect(await state.lease("other", "two", 60_000)).toBe(true);
    await state.release("shop", "two");
    expect(await state.lease("shop", "two", 60_000)).toBe(false);
    await state.release("shop", "one");
    expect(await state.lease("shop", "two", -1)).toBe(true);
    expect(await state.lease("shop", "one", 60_000)).toBe(true);
    expect(await state.lease("shop", "two", 60_000)).toBe(false);
  });

  test("what somebody took down before it was missing is not put back", async () => {
    const { state, catalogue } = await filled();
    await state.commit(step(1, ["s:a:1", "s:a:2"]));
    await state.finish("shop", cursorOf(1));
    await catalogue.setWithdrawn("s:a:1", true);
    for (const sweep of [2, 3]) await state.finish("shop", cursorOf(sweep));
    expect(await state.restore("shop", ["s:a:1", "s:a:2"])).toEqual(["s:a:2"]);
    expect(await shown(catalogue)).toEqual(["s:a:2", "s:b:1"]);
  });

  test("a denied item is withdrawn, forgotten by the sync, and not restored", async () => {
    const { state, catalogue } = await filled();
    await state.commit({
      ...step(1, ["s:a:1"]),
      failed: [{ id: "s:a:1", stage: "embed", reason: "Cannot" }],
    });
    await state.deny("s:a:1", "a notice");
    await state.deny("s:later", "");
    expect(await shown(catalogue)).toEqual(["s:a:2", "s:b:1"]);
    expect(await state.denied(["s:a:1", "s:a:2", "s:later"])).toEqual(new Set(["s:a:1", "s:later"]));
    expect(await state.failures()).toEqual([]);
    expect((await state.denials()).map(({ id, reason }) => [id, reason]).sort()).toEqual([
      ["s:a:1", "a notice"],
      ["s:later", ""],
    ]);
    expect(await state.restore("shop", ["s:a:1"])).toEqual([]);
    expect(await state.allow("s:a:1")).toBe(true);
    expect(await state.allow("s:a:1")).toBe(false);
    // It is for somebody to put it back.
    expect(await shown(catalogue)).toEqual(["s:a:2", "s:b:1"]);
  });

  test("a failure counts its attempts until it is dead, can be tried again, and goes when it is over", async () => {
    const { state } = await filled();
    const failed = [
      { id: "s:a:1", stage: "embed", reason: "Cannot embed" },
      { id: "odd '\u0000\"", stage: "read", reason: "title must be a text" },
    ] as const;
    for (let attempt = 1; attempt <= maxSyncAttempts; attempt++) {
      await state.commit({ ...step(1, []), failed });
      expect(await state.failures({ source: "shop", stage: "embed" })).toMatchObject([
        { ...failed[0], source: "shop", attempts: attempt, dead: attempt === maxSyncAttempts },
      ]);
    }
    expect(await state.failures({ dead: false })).toEqual([]);
    expect(await state.failures({ source: "other" })).toEqual([]);
    expect(await state.retry(["s:a:1", "unknown"])).toBe(1);
    expect(await state.failures({ dead: false })).toMatchObject([{ id: "s:a:1", attempts: 0 }]);
    expect(await state.status()).toMatchObject([{ failing: 1, dead: 1, cursors: [cursorOf(1)] }]);
    expect(await state.retry()).toBe(1);
    await state.commit({ ...step(1, []), recovered: ["s:a:1"] });
    expect(await state.failures()).toHaveLength(1);
  });
}
