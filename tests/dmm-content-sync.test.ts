import { afterEach, expect, test } from "vitest";
import { createRandom } from "../src/base/mod.ts";
import { createMemorySyncStore, dmmSlicesFromEnv } from "../src/sync/mod.ts";
import { type FakeDmm, startFakeDmm } from "./fake-dmm/mod.ts";
import { expectedItems, storedItems, syncNow } from "./sync-world.ts";
import { tinyService } from "./tiny-service.ts";
import { tinyStores } from "./tiny-world.ts";

let fake: FakeDmm;
afterEach(() => fake?.close());
const route = "/functions/v1/dmm_content_sync";

/** A service that may ask the fake server; only its sleeping moves the clock of the sync. */
async function world(options: Parameters<typeof startFakeDmm>[0]) {
  fake = await startFakeDmm(options);
  const stores = tinyStores();
  const time = { now: syncNow };
  const { apiId, affiliateId } = fake.credentials;
  const env = { DMM_API_ID: apiId, DMM_AFFILIATE_ID: affiliateId, DMM_API_URL: fake.url, DMM_MAX_OFFSET: "" };
  const syncDmm = dmmSlicesFromEnv(env, {
    store: stores.store,
    state: createMemorySyncStore(stores.store),
    vectors: stores.vectors,
    clock: { now: () => time.now },
    random: createRandom(1),
    fetch,
    sleep: async (ms) => {
      time.now += ms;
    },
  });
  return { ...tinyService({ syncDmm }, stores), store: stores.store };
}

test("[SY14] dmm_content_sync syncs slice by slice until it is done, and the end is the server's catalogue", async () => {
  const { post, store } = await world({ items: 2000, seed: 14 });
  let slices = 0;
  for (;;) {
    const { status, body } = await post(route, { floors: fake.floors, budget_ms: 5000 });
    expect(status, JSON.stringify(body)).toBe(200);
    slices++;
    if (body["done"]) break;
    expect(body).toMatchObject({ mode: "full", withdrawn: 0, failed: 0 });
  }
  expect(slices).toBeGreaterThan(3);
  const stored = await storedItems(store);
  for (const [id, item] of expectedItems(fake)) expect(stored.get(id)).toEqual(item);
  expect((await post(route, { floors: fake.floors })).body).toMatchObject({
    done: true,
    mode: "incremental",
    inserted: 0,
  });
}, 20_000);

test("it says what to set, why the source gives no answer, what is wrong with a body, and no credential", async () => {
  const without = await tinyService().post(route, {});
  expect([without.status, without.body.error]).toMatchObject([
    503,
    { code: "not_configured", message: expect.stringContaining("set DMM_API_ID and DMM_AFFILIATE_ID") },
  ]);
  const { post, logged } = await world({ items: 300 });
  expect((await post(route, { budget_ms: 20_001 })).body.error).toMatchObject({
    code: "invalid_request",
    issues: [{ path: "budget_ms" }],
  });
  expect((await post(route, { floors: ["FANZA"] })).status).toBe(400);
  expect((await post(route, { floors: ["FANZA/digital/nowhere"] })).body.error?.code).toBe("source_rejected");
  fake.faults.quota = 0;
  const exhausted = await post(route, { floors: fake.floors });
  expect([exhausted.status, exhausted.body.error?.code]).toEqual([503, "source_exhausted"]);
  const said = JSON.stringify([logged, exhausted.body]);
  expect(said).not.toMatch(new RegExp(Object.values(fake.credentials).join("|")));
});

test("credentials of another form are told at the start", () => {
  const stores = tinyStores();
  const platform = {
    ...{ store: stores.store, vectors: stores.vectors, state: createMemorySyncStore(stores.store) },
    ...{ fetch, clock: Date, random: createRandom(1) },
  };
  expect(() => dmmSlicesFromEnv({ DMM_API_ID: "example-key" }, platform)).toThrow("set DMM_AFFILIATE_ID");
  expect(dmmSlicesFromEnv({ DMM_API_ID: "" }, platform)).toBeUndefined();
});
