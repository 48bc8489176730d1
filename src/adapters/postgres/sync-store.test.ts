import { expect, test } from "vitest";
import { testSyncStore } from "../../sync/sync-store.conformance.ts";
import { describeDatabases } from "./databases.conformance.ts";

describeDatabases("what syncs keep", (open) => {
  testSyncStore(async () => {
    const { catalogue, sync: state } = await open();
    return { catalogue, state };
  });

  test("[SY8] no import stores what is denied, and none shows it again", async () => {
    const { catalogue, sync } = await open();
    await catalogue.putItems([{ id: "there", title: "A film", fields: {} }]);
    await sync.deny("there", "a notice");
    await sync.deny("never", "a notice");
    const denied = ["there", "never"].map((id) => ({
      id,
      title: "Another title",
      fields: {},
      withdrawn: false,
    }));
    await catalogue.putItems([...denied, { id: "open", title: "Another film", fields: {} }]);
    await catalogue.setWithdrawn("there", false);
    const found: [string, string, boolean][] = [];
    for await (const page of catalogue.items()) {
      found.push(
        ...page.map(
          ({ id, title, withdrawn = false }) => [id, title, withdrawn] as [string, string, boolean],
        ),
      );
    }
    expect(found).toEqual([
      ["open", "Another film", false],
      ["there", "A film", true],
    ]);
  });

  test("[SY9] who takes down what is missing has the last word", async () => {
    const { catalogue, sync } = await open();
    await catalogue.putItems([{ id: "a", title: "A film", fields: {} }]);
    const cursor = {
      mode: "full",
      startedAt: 0,
      partitions: [{ id: "p", idPrefix: "", whole: true }],
      pending: [],
      pages: 1,
      rows: 1,
    } as const;
    const step = { source: "shop", seen: ["a"], failed: [], recovered: [] };
    await sync.commit({ ...step, cursor: { ...cursor, sweep: 1 } });
    for (const sweep of [1, 2, 3]) await sync.finish("shop", { ...cursor, sweep });
    expect(await sync.status()).toMatchObject([{ missing: 1 }]);
    expect(await catalogue.setWithdrawn("a", true)).toBe(true);
    expect(await sync.restore("shop", ["a"])).toEqual([]);
  });
});
