import { expect, test } from "vitest";
import { type ReadStoredViewer, storedViewerReader } from "../../recommend/mod.ts";
import type { Database } from "./database.ts";
import { describeDatabases } from "./databases.conformance.ts";
import { createStoredViewerReader } from "./read-stored-viewer.ts";

const vector = Float32Array.of(1, 0);
const born = Date.UTC(2026, 0, 1);

/** Two versions, of which "b" is active, and three viewers: one with everything, one with a vector of "a" alone, one who is new. */
async function fill({ catalogue, versions, vectors }: Database): Promise<void> {
  await catalogue.putItems(["v1", "v2"].map((id) => ({ id, title: id, fields: {}, releasedAt: born })));
  await catalogue.putPeople([
    { id: "o'hara", fields: { region: "天気" }, ageConfirmedAt: born },
    { id: "former", fields: {}, ageConfirmedAt: born },
    { id: "new", fields: {} },
  ]);
  await catalogue.declare("o'hara", { taste: { genres: ["drama"] }, fields: {} });
  await catalogue.putEvents([
    { personId: "o'hara", itemId: "v1", kind: "like", at: born },
    { personId: "o'hara", itemId: "v2", kind: "view", at: born + 1, watchFraction: 0.5, watchSeconds: 60 },
    { personId: "former", itemId: "v1", kind: "nope", at: born },
  ]);
  for (const [i, version] of ["a", "b"].entries()) {
    const row = { dims: 2, preset: "lite", manifestHash: "ab".repeat(32), metrics: { "ndcg@10": 0.4 } };
    const named = { version, semanticVersion: `1.${i}.0`, description: "", parent: null, createdAt: born };
    await versions.add({ ...row, ...named });
    await vectors.createPartition(version, 2);
    const id = version === "a" ? "former" : "o'hara";
    await vectors.putUserVectors(version, { ids: [id], vectors: vector, contentHashes: [`100:${version}`] });
  }
}

describeDatabases("what is stored of a viewer", (open) => {
  test("is read at once as from the stores one after the other, but for the items", async () => {
    const database = await open();
    const { catalogue: store, versions, vectors } = database;
    const atOnce = createStoredViewerReader(database.connection);
    const apart = storedViewerReader({ versions, store, vectors });
    const withoutItems: ReadStoredViewer = async (...asked) => {
      const found = await apart(...asked);
      return found && { ...found, history: found.history && { ...found.history, items: new Map() } };
    };
    await fill(database);
    expect(await atOnce("o'hara", { limit: 10 })).toBeUndefined();
    await versions.activate("a");
    await versions.activate("b");
    for (const id of ["o'hara", "former", "new", "nobody", "a\0b", ""]) {
      for (const limit of [0, 1, 10]) {
        expect(await atOnce(id, { limit }), id).toEqual(await withoutItems(id, { limit }));
      }
    }
    const found = await atOnce("o'hara", { limit: 1 });
    expect(found).toMatchObject({ active: { version: "b", status: "active" }, stored: { vector } });
    expect(found?.history?.person).toMatchObject({
      taste: { genres: ["drama"] },
      fields: { region: "天気" },
    });
    expect(found?.history?.events.map(({ itemId }) => itemId)).toEqual(["v2"]);
    expect((await atOnce("former", { limit: 10 }))?.stored).toBeUndefined();
    expect((await atOnce("nobody", { limit: 10 }))?.history).toBeUndefined();
  });
});
