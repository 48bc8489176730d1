import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { describeDatabases } from "../src/adapters/postgres/databases.conformance.ts";
import { createMemoryCatalogue } from "../src/catalogue/mod.ts";
import { createMemoryVectorStore } from "../src/embeddings/mod.ts";
import { createMemoryVersionStore } from "../src/registry/mod.ts";
import { tinyCatalogue } from "./tiny-model.ts";
import { tinyService } from "./tiny-service.ts";
import type { TinyStores } from "./tiny-world.ts";

const path = "/functions/v1/two_tower_recommendations";
type World = ReturnType<typeof tinyService>;

/** How each kind of answer comes about. */
const sources: Readonly<Record<string, (world: World) => Promise<void>>> = {
  two_tower: async ({ deploy }) => {
    await deploy(1);
  },
  previous_version: async ({ deploy, blobs }) => {
    await deploy(1);
    await blobs.remove(`models/${await deploy(2)}/user_tower.onnx`);
  },
  linear: async ({ deploy, blobs }) => {
    await blobs.remove(`models/${await deploy(1)}/user_tower.onnx`);
  },
  popularity: async () => {},
};

/** Every item has one of seven performers and one of two guests. */
async function fill(stores: TinyStores): Promise<TinyStores> {
  const { items, people, events } = tinyCatalogue();
  const cast = items.map((item, i) => ({
    ...item,
    fields: { ...item.fields, performers: [`performer ${i % 7}`, `guest ${i % 2}`] },
  }));
  await stores.store.putBatch({ items: cast, people, events });
  return stores;
}

function testTakeDowns(open: () => Promise<TinyStores>): void {
  for (const [source, prepare] of Object.entries(sources)) {
    test(`a video and a performer are gone from the next answer, by ${source}`, async () => {
      const world = tinyService({}, await fill(await open()));
      await prepare(world);
      const answer = async (body: object = {}): Promise<string[]> => {
        const { status, body: found } = await world.post(path, { user_id: "p00", limit: 100, ...body });
        expect(status).toBe(200);
        return found.recommendations!.map(({ video_id }) => video_id);
      };
      // The engine is warm: what it holds of the catalogue, if anything, it held before the take-down.
      const before = await answer();
      expect((await world.post(path, { user_id: "p00" })).body["source"]).toBe(source);
      const [video = "", ...rest] = before;
      const own = (ids: readonly string[]) => ids.filter((id) => Number(id.slice(1)) % 7 === 3);
      expect(own(rest).length).toBeGreaterThan(0);

      await world.store.setWithdrawn(video, true);
      expect(await answer()).toEqual(rest);
      expect(await answer({ candidates: [video] })).toEqual([]);

      expect(await world.store.setPerformerWithdrawn("performer 3", true)).toBe(true);
      expect(await answer()).toEqual(rest.filter((id) => !own([id]).includes(id)));
      expect(await answer({ candidates: own(before) })).toEqual([]);

      // An import does not bring them back; putting them back does.
      await fill(world);
      expect(await answer()).toEqual(rest.filter((id) => !own([id]).includes(id)));
      await world.store.setPerformerWithdrawn("performer 3", false);
      await world.store.setWithdrawn(video, false);
      expect([...(await answer())].sort()).toEqual([...before].sort());
      await world.engine.close();
    });
  }
}

describe("take-downs in memory", () =>
  testTakeDowns(async () => {
    const store = createMemoryCatalogue();
    return { store, vectors: createMemoryVectorStore(store), versions: createMemoryVersionStore() };
  }));

describeDatabases("take-downs", (open) => {
  testTakeDowns(async () => {
    const { catalogue: store, vectors, versions } = await open();
    return { store, vectors, versions };
  });

  test("gone from the next answer that comes through an index", async () => {
    const database = await open({ indexFromRows: 1 });
    const { catalogue: store, vectors, versions, connection } = database;
    const world = tinyService({}, await fill({ store, vectors, versions }));
    await world.deploy(1);
    const { rows } = await sql`select from embedding_partitions where indexed`.execute(connection);
    expect(rows).toHaveLength(1);
    const answer = async (): Promise<string[]> =>
      (await world.post(path, { user_id: "p00", limit: 5 })).body.recommendations!.map(
        ({ video_id }) => video_id,
      );
    const before = await answer();
    await store.setWithdrawn(before[0]!, true);
    await store.setPerformerWithdrawn(`performer ${Number(before[1]!.slice(1)) % 7}`, true);
    const after = await answer();
    expect(after).toHaveLength(5);
    expect(after.filter((id) => before.slice(0, 2).includes(id))).toEqual([]);
    await world.engine.close();
  });
});
