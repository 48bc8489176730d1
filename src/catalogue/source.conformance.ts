import { expect, test } from "vitest";
import type { CatalogueSource, SourcePage, SourcePartition } from "./source.ts";

/**
 * What every source promises to a sync.
 *
 * @param open Opens a source whose first partition has at least three rows, each with an id of its own, on pages of two or
 * more; nothing changes in it meanwhile.
 */
export function testCatalogueSource(open: () => Promise<CatalogueSource>): void {
  test("paging a window gives each row once, as many as it counts, then nothing", async () => {
    const source = await open();
    const [{ id: partition, from, to }] = (await source.partitions()) as [SourcePartition];
    const window = { partition, from, to };
    const total = await source.count(window);
    expect(total).toBeGreaterThan(2);
    const ids: string[] = [];
    let rows = 0;
    for (let page: SourcePage | undefined; page?.rows !== 0; rows += page.rows) {
      page = await source.page(window, { offset: rows });
      expect(page.total).toBe(total);
      expect(page.rows).toBeLessThanOrEqual(source.limits.pageSize);
      ids.push(...page.ids);
    }
    expect(rows).toBe(total);
    expect(new Set(ids).size).toBe(ids.length);
    expect(total).toBeLessThanOrEqual(source.limits.maxWindowRows);
  });

  test("a page begins at any row", async () => {
    const source = await open();
    const [{ id: partition, from, to }] = (await source.partitions()) as [SourcePartition];
    const first = await source.page({ partition, from, to }, { offset: 0 });
    const second = await source.page({ partition, from, to }, { offset: 1 });
    expect(second.ids.slice(0, first.ids.length - 1)).toEqual(first.ids.slice(1));
  });

  test("ids of a partition begin as it says, and those of the others do not", async () => {
    const source = await open();
    const partitions = await source.partitions();
    expect(new Set(partitions.map(({ id }) => id)).size).toBe(partitions.length);
    for (const { id: partition, from, to, idPrefix } of partitions) {
      const { items, ids } = await source.page({ partition, from, to }, { offset: 0 });
      const begins = ids.map((id) => partitions.filter((other) => id.startsWith(other.idPrefix)));
      expect(begins.every((found) => found.length === 1 && found[0]!.idPrefix === idPrefix)).toBe(true);
      expect(items.every(({ id }) => ids.includes(id))).toBe(true);
    }
  });

  test("a window of no partition and a position before the first row are the caller's mistake", async () => {
    const source = await open();
    const [{ id: partition, from, to }] = (await source.partitions()) as [SourcePartition];
    await expect(source.page({ partition: "none", from, to }, { offset: 0 })).rejects.toThrow(RangeError);
    await expect(source.count({ partition: "none", from, to })).rejects.toThrow(RangeError);
    for (const offset of [-1, 0.5]) {
      await expect(source.page({ partition, from, to }, { offset })).rejects.toThrow(RangeError);
    }
  });

  test("work that was cancelled asks nothing", async () => {
    const source = await open();
    const [{ id: partition, from, to }] = (await source.partitions()) as [SourcePartition];
    const window = { partition, from, to };
    const signal = AbortSignal.abort();
    await expect(source.page(window, { offset: 0, signal })).rejects.toMatchObject({ code: "cancelled" });
    await expect(source.count(window, { signal })).rejects.toMatchObject({ code: "cancelled" });
  });
}
