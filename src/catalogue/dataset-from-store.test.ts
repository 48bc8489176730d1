import { describe, expect, test } from "vitest";
import { buildDataset } from "./dataset.ts";
import { datasetFromStore } from "./dataset-from-store.ts";
import { generateDemo } from "./demo/generate-demo.ts";
import { createMemoryCatalogue } from "./memory-store.ts";

const demo = generateDemo({ seed: 4, items: 120, people: 25 });

describe("datasetFromStore", () => {
  test("gives what buildDataset gives of the same rows, seconds watched included", async () => {
    const dataset = await datasetFromStore(createMemoryCatalogue(demo));
    expect(dataset).toEqual(buildDataset(demo).dataset);
    expect(dataset.events.watchSeconds?.some((seconds) => seconds > 0)).toBe(true);
  });

  test("leaves out items with few likes, and every event with them", async () => {
    const whole = buildDataset(demo).dataset;
    const few = await datasetFromStore(createMemoryCatalogue(demo), { minItemEvents: 3 });
    const likes = new Map<string, number>();
    for (const { kind, itemId } of demo.events) {
      if (kind === "like") likes.set(itemId, (likes.get(itemId) ?? 0) + 1);
    }
    const kept = whole.items.filter(({ id }) => (likes.get(id) ?? 0) >= 3);
    expect(few.items).toEqual(kept);
    expect(kept.length).toBeLessThan(whole.items.length);
    const ids = new Set(kept.map(({ id }) => id));
    const events = demo.events.filter(({ itemId }) => ids.has(itemId));
    expect(few).toEqual(buildDataset({ ...demo, items: kept, events }).dataset);
  });

  test("of an empty store is empty", async () => {
    const dataset = await datasetFromStore(createMemoryCatalogue());
    expect([dataset.items.length, dataset.people.length, dataset.events.item.length]).toEqual([0, 0, 0]);
    expect(dataset.events.watchSeconds).toBeUndefined();
  });
});
