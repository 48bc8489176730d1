import { expect, test } from "vitest";
import type { CatalogueStore, PersonRecords } from "../catalogue/mod.ts";
import type { VectorStore } from "./vector-store.ts";

/** Stores that are filled, and the records over them. */
export interface RecordedStores {
  readonly catalogue: CatalogueStore;
  readonly vectors: VectorStore;
  readonly people: PersonRecords;
}

/** The one who asks; `viewer-who-stays` has the same of everything. */
export const asking = "viewer-who-asks";

/**
 * Gives two people a profile, a like, a refusal, a view and vectors under two versions.
 *
 * @param stores Empty ones.
 */
export async function fillRecords({ catalogue, vectors }: RecordedStores): Promise<void> {
  await catalogue.putItems(["a", "b", "c"].map((id) => ({ id, title: id, fields: {} })));
  const ids = [asking, "viewer-who-stays"];
  await catalogue.putPeople(ids.map((id) => ({ id, fields: { region: `of ${id}` }, ageConfirmedAt: 1000 })));
  for (const personId of ids) {
    await catalogue.declare(personId, { taste: { genres: [`of ${personId}`] } });
    await catalogue.setBlocks(personId, { makers: ["Minato"], performers: [] });
    await catalogue.putEvents([
      { personId, itemId: "a", kind: "like", at: 1000 },
      { personId, itemId: "b", kind: "nope", at: 2000 },
      { personId, itemId: "c", kind: "view", at: 3000, watchFraction: 0.5 },
    ]);
  }
  for (const version of ["v1", "v2"]) {
    await vectors.createPartition(version, 2);
    const batch = { ids, vectors: Float32Array.of(1, 0, 0.5, -0.25), contentHashes: ["x", "y"] };
    await vectors.putUserVectors(version, batch);
  }
}

/**
 * What every {@link PersonRecords} must do, as tests.
 *
 * @param makeStores Called once in each test; gives empty stores.
 */
export function testPersonRecords(makeStores: () => Promise<RecordedStores>): void {
  const filled = async (): Promise<RecordedStores> => {
    const stores = await makeStores();
    await fillRecords(stores);
    return stores;
  };

  test("a person is handed all that is kept of them, and nothing of others", async () => {
    const { people } = await filled();
    const document = await people.export(asking);
    expect(document).toMatchObject({ format: "futago-person/1", user_id: asking });
    expect(JSON.stringify(document)).not.toContain("viewer-who-stays");
    const { tables } = document!;
    const moments = (seconds: number) =>
      expect.stringMatching(`^1970-01-01T00:00:0${seconds}[.0]*(Z|\\+00:00)$`);
    const vector = { user_id: asking, embedding: [1, 0], content_hash: "x" };
    for (const [table, rows] of Object.entries({
      profiles: [
        {
          user_id: asking,
          age_confirmed_at: moments(1),
          attributes: { region: `of ${asking}` },
          taste: { genres: [`of ${asking}`] },
        },
      ],
      likes: [{ user_id: asking, video_id: "a", created_at: moments(1) }],
      user_video_decisions: [{ video_id: "b", decision: "nope", decided_at: moments(2) }],
      user_blocks: [{ user_id: asking, makers: ["Minato"], performers: [] }],
      video_views: [{ video_id: "c", viewed_at: moments(3), watch_fraction: 0.5, watch_seconds: null }],
      user_embeddings: [
        { ...vector, model_version: "v1" },
        { ...vector, model_version: "v2" },
      ],
    })) {
      expect(tables[table], table).toHaveLength(rows.length);
      expect(tables[table], table).toEqual(
        expect.arrayContaining(rows.map((row) => expect.objectContaining(row))),
      );
    }
  });

  test("a person who is erased is unknown, and everybody else is as they were", async () => {
    const { people, catalogue, vectors } = await filled();
    const other = await people.export("viewer-who-stays");
    expect(await people.erase(asking)).toBe(true);
    expect(await people.export(asking)).toBeUndefined();
    expect(await catalogue.history(asking, { limit: 10 })).toBeUndefined();
    expect(await catalogue.counts()).toEqual({ items: 3, people: 1, events: 3 });
    for (const version of ["v1", "v2"]) {
      expect([...(await vectors.userHashes(version)).keys()]).toEqual(["viewer-who-stays"]);
    }
    expect(await people.export("viewer-who-stays")).toEqual(other);
    // The same id again is somebody new.
    await catalogue.putPeople([{ id: asking, fields: {} }]);
    expect((await catalogue.history(asking, { limit: 10 }))?.events).toEqual([]);
    expect((await people.export(asking))?.tables["user_embeddings"]).toEqual([]);
  });

  test("of somebody unknown there is nothing to erase or to hand over", async () => {
    const { people } = await filled();
    for (const id of ["nobody", "", "' or true --", "nul \0"]) {
      expect(await people.export(id)).toBeUndefined();
      expect(await people.erase(id)).toBe(false);
    }
    expect(await people.export(asking)).toBeDefined();
  });
}
