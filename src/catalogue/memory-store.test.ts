import { describe, expect, test } from "vitest";
import { createMemoryCatalogue } from "./memory-store.ts";
import { testCatalogueStore } from "./store.conformance.ts";

describe("the catalogue in memory", () => {
  testCatalogueStore(async () => createMemoryCatalogue());

  test("a row changed by its owner after it was put does not change the store", async () => {
    const fields = { tags: ["sea"] };
    const store = createMemoryCatalogue({ items: [{ id: "a", title: "Harbour", fields }] });
    fields.tags.push("harbour");
    for await (const [item] of store.items()) expect(item?.fields).toEqual({ tags: ["sea"] });
  });

  test("refuses an empty id and an empty page", async () => {
    const store = createMemoryCatalogue();
    await expect(store.putItems([{ id: "", title: "", fields: {} }])).rejects.toThrow(RangeError);
    await expect(store.items({ pageSize: 0 })[Symbol.asyncIterator]().next()).rejects.toThrow(RangeError);
  });
});
