import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createFileBlobStore } from "../src/adapters/blob-fs/mod.ts";
import { startFakeStorage } from "../src/adapters/blob-supabase/fake-storage.conformance.ts";
import { createSupabaseBlobStore } from "../src/adapters/blob-supabase/mod.ts";
import { type BlobStore, FutagoError, sha256Hex } from "../src/base/mod.ts";
import { embedCatalogue } from "../src/embeddings/mod.ts";
import type { Runtime } from "../src/onnx/mod.ts";
import { loadModel } from "../src/registry/mod.ts";
import { faultWorld } from "./fault-world.ts";
import type { TinyStores } from "./tiny-world.ts";

const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

describe("a bundle on disk", () => {
  async function world() {
    const folder = await mkdtemp(join(tmpdir(), "futago-faults-"));
    folders.push(folder);
    const files = createFileBlobStore(folder);
    const made = faultWorld(undefined, { blobs: () => files });
    const first = await made.deploy(1);
    const second = await made.deploy(2);
    const sync = async (): Promise<void> => {
      for (const path of await made.blobs.list("models/"))
        await files.write(path, (await made.blobs.read(path))!);
    };
    await sync();
    return { ...made, first, second, sync, at: (file: string) => join(folder, "models", second, file) };
  }

  const faults: readonly (readonly [string, string, (path: (file: string) => string) => Promise<void>])[] = [
    ["missing", "bundle_missing", (at) => rm(at("manifest.json"))],
    ["truncated", "bundle_corrupt", (at) => truncate(at("user_tower.onnx"), 100)],
    ["empty", "bundle_corrupt", (at) => truncate(at("features.json"), 0)],
    [
      "bit-flipped",
      "bundle_corrupt",
      async (at) => {
        const bytes = await readFile(at("item_tower.onnx"));
        bytes[bytes.length >> 1]! ^= 1;
        await writeFile(at("item_tower.onnx"), bytes);
      },
    ],
    ["of wrong content", "bundle_corrupt", (at) => writeFile(at("golden.json"), '{"kind":"something else"}')],
    ["with half a manifest", "bundle_corrupt", (at) => truncate(at("manifest.json"), 64)],
  ];

  test.each(faults)(
    "%s: the version before answers, and the bundle serves once it is whole again",
    async (_, code, breakIt) => {
      const { second, first, at, sync, start, metric } = await world();
      await breakIt(at);
      const { ask, engine } = start();
      expect(await ask()).toMatchObject({ status: 200, source: "previous_version" });
      expect(await engine.status()).toEqual({ source: "previous_version", version: first });
      expect(await metric("futago_open_failures_total", { code })).toBeGreaterThan(0);
      expect(await metric("futago_fallbacks_total", { source: "previous_version", code })).toBe(1);
      expect(await metric("futago_broken", { link: "opening" })).toBe(1);
      await sync();
      // Behind everybody's back, while the version before answers.
      await expect.poll(async () => (await ask()).source, { timeout: 20_000 }).toBe("two_tower");
      expect(await engine.status()).toEqual({ source: "two_tower", version: second });
      expect(await metric("futago_recoveries_total", { link: "opening", code })).toBe(1);
      expect(await metric("futago_broken", { link: "opening" })).toBe(0);
      await engine.close();
    },
  );

  test("of another feature schema: the version before answers", async () => {
    const { versions, first, second, at, start, metric } = await world();
    const manifest = JSON.parse(await readFile(at("manifest.json"), "utf8")) as Record<string, unknown>;
    const text = JSON.stringify({ ...manifest, featureSchemaHash: "0".repeat(64) });
    await writeFile(at("manifest.json"), text);
    const row = (await versions.active())!;
    // Registered as it lies there: whole, but not what this engine's features are.
    const active = async () => ({ ...row, manifestHash: sha256Hex(text) });
    const { ask, engine } = start({ versions: { ...versions, active } });
    expect(await ask()).toMatchObject({ source: "previous_version" });
    expect(await engine.status()).toMatchObject({ version: first });
    expect(await metric("futago_open_failures_total", { code: "bundle_corrupt" })).toBe(1);
    expect(second).not.toBe(first);
    await engine.close();
  });

  test("that breaks while it serves is not read again: answers go on", async () => {
    const { at, ask } = await world();
    expect(await ask()).toMatchObject({ source: "two_tower" });
    await rm(at("manifest.json"));
    expect(await ask()).toMatchObject({ source: "two_tower" });
  });
});

describe("storage", () => {
  function world(options: { readonly openWaitMs?: number; readonly openTimeoutMs?: number } = {}) {
    const state: { mode: "works" | "fails" | "hangs"; release: () => void } = {
      mode: "works",
      release: () => {},
    };
    const blobs = (inner: BlobStore): BlobStore => ({
      ...inner,
      read: async (path) => {
        if (state.mode === "fails")
          throw new FutagoError("storage_failed", "Cannot read as the storage is down");
        if (state.mode === "hangs") {
          await new Promise<void>((resolve) => {
            const { release } = state;
            state.release = () => {
              release();
              resolve();
            };
          });
        }
        return inner.read(path);
      },
    });
    return { ...faultWorld(undefined, { blobs, engine: options }), storage: state };
  }

  test("that is down: popularity answers where nothing was opened yet, and the model once it is back", async () => {
    const { deploy, storage, ask, metric } = world();
    await deploy(1);
    storage.mode = "fails";
    expect(await ask()).toMatchObject({ status: 200, source: "popularity" });
    expect(await metric("futago_fallbacks_total", { source: "popularity", code: "storage_failed" })).toBe(1);
    storage.mode = "works";
    expect(await ask()).toMatchObject({ source: "two_tower" });
    expect(await metric("futago_recoveries_total", { link: "opening" })).toBe(1);
  });

  test("that goes down under a promotion: the version before goes on, as the previous one", async () => {
    const { deploy, storage, ask, engine } = world();
    await deploy(1);
    expect(await ask()).toMatchObject({ source: "two_tower" });
    await deploy(2);
    storage.mode = "fails";
    await engine.reload();
    expect(await ask()).toMatchObject({ source: "previous_version" });
    storage.mode = "works";
    expect((await engine.reload()).source).toBe("two_tower");
  });

  test("that is slow holds answers up for openWaitMs once, and serves when it has come", async () => {
    const { deploy, storage, ask, engine, metric } = world({ openWaitMs: 5 });
    await deploy(1);
    storage.mode = "hangs";
    expect(await ask()).toMatchObject({ status: 200, source: "popularity" });
    expect(await ask()).toMatchObject({ status: 200, source: "popularity" });
    expect(await metric("futago_fallbacks_total", { code: "storage_failed" })).toBe(2);
    storage.mode = "works";
    storage.release();
    await engine.refresh();
    expect(await ask()).toMatchObject({ source: "two_tower" });
    expect(await metric("futago_recoveries_total", { link: "opening" })).toBe(1);
  });

  test("that never answers counts as failed after openTimeoutMs, and is tried again", async () => {
    const { deploy, storage, ask, metric } = world({ openWaitMs: 1000, openTimeoutMs: 5 });
    await deploy(1);
    storage.mode = "hangs";
    expect(await ask()).toMatchObject({ source: "popularity" });
    expect(await metric("futago_open_failures_total", { code: "storage_failed" })).toBe(1);
    storage.mode = "works";
    // Five milliseconds may be too few to open it on a machine that is busy: it is tried at each answer.
    await expect.poll(async () => (await ask()).source, { timeout: 20_000 }).toBe("two_tower");
  });
});

test.each(["down", "error", "truncated", "short", "bit_flip"] as const)(
  "storage over HTTP that goes wrong (%s): the next link answers, and the model once it is right",
  async (kind) => {
    const storage = await startFakeStorage();
    const remote = createSupabaseBlobStore({
      url: storage.url,
      key: storage.key,
      bucket: "futago-models",
      fetch,
      wait: async () => {},
    });
    const { deploy, blobs, start, metric } = faultWorld(undefined, { blobs: () => remote });
    try {
      await deploy(1);
      for (const path of await blobs.list("models/")) await remote.write(path, (await blobs.read(path))!);
      storage.fail({ kind, times: 1000, path: "tower.onnx" });
      const { ask } = start();
      expect(await ask()).toMatchObject({ status: 200, source: "linear" });
      const code = kind === "short" || kind === "bit_flip" ? "bundle_corrupt" : "storage_failed";
      expect(await metric("futago_fallbacks_total", { source: "linear", code })).toBe(1);
      storage.mend();
      expect(await ask()).toMatchObject({ source: "two_tower" });
      expect(await metric("futago_recoveries_total", { link: "opening", code })).toBe(1);
    } finally {
      await storage.close();
    }
  },
);

describe("the executor", () => {
  function world() {
    const memory = { enough: true };
    const runtime = (inner: Runtime): Runtime => ({
      ...inner,
      load: async (model, options) => {
        if (!memory.enough) throw new Error("Could not allocate: std::bad_alloc");
        const session = await inner.load(model, options);
        return {
          inputNames: session.inputNames,
          outputNames: session.outputNames,
          close: () => session.close(),
          run: async (inputs, outputs) => {
            if (!memory.enough) {
              throw new RangeError("Cannot run the tower", { cause: new Error("std::bad_alloc") });
            }
            return session.run(inputs, outputs);
          },
        };
      },
    });
    return { ...faultWorld(undefined, { runtime }), memory };
  }

  test("out of memory while answering: the linear model answers, the towers once there is memory", async () => {
    const { deploy, memory, ask, metric } = world();
    await deploy(1);
    expect(await ask()).toMatchObject({ source: "two_tower" });
    memory.enough = false;
    expect(await ask()).toMatchObject({ status: 200, source: "linear" });
    expect((await ask("p00", { candidates: ["v00", "v03", "v06"] })).source).toBe("linear");
    expect(await metric("futago_fallbacks_total", { source: "linear", code: "out_of_memory" })).toBe(2);
    memory.enough = true;
    expect(await ask()).toMatchObject({ source: "two_tower" });
    expect(await metric("futago_recoveries_total", { link: "answering", code: "out_of_memory" })).toBe(1);
  });

  test("out of memory while opening: the linear model answers, the towers once there is memory", async () => {
    const { deploy, memory, ask, metric } = world();
    await deploy(1);
    memory.enough = false;
    expect(await ask()).toMatchObject({ status: 200, source: "linear" });
    expect(await metric("futago_open_failures_total", { code: "out_of_memory" })).toBe(1);
    memory.enough = true;
    expect(await ask()).toMatchObject({ source: "two_tower" });
  });
});

test("a partition dropped under the engine's feet: the linear model answers until it is embedded again", async () => {
  const { deploy, vectors, store, ask, metric, versions, blobs, runtime } = faultWorld();
  const version = await deploy(1);
  expect(await ask()).toMatchObject({ source: "two_tower" });
  await vectors.dropPartition(version);
  expect(await ask()).toMatchObject({ status: 200, source: "linear" });
  expect(await metric("futago_fallbacks_total", { source: "linear", code: "not_found" })).toBe(1);
  const { manifestHash } = (await versions.active())!;
  const { towers, close } = await loadModel({ blobs, runtime }, version, { manifestHash });
  await embedCatalogue({ towers, version, store, vectors });
  await close();
  expect(await ask()).toMatchObject({ source: "two_tower" });
  expect(await metric("futago_recoveries_total", { link: "answering", code: "not_found" })).toBe(1);
});

describe("a database that gives no answer", () => {
  function world(engine: Parameters<typeof faultWorld>[1] = {}) {
    const database = { away: false };
    const stores = ({ store, vectors, versions }: TinyStores): TinyStores => ({
      store: breakable(store, database),
      vectors: breakable(vectors, database),
      versions: breakable(versions, database),
    });
    return { ...faultWorld(undefined, { stores, ...engine }), database };
  }
  const refused = { status: 503, code: "database_unreachable" };

  test("[RC6] known viewers get the most liked from memory, and everybody else no answer", async () => {
    const { deploy, ask, engine, database, metric } = world();
    await deploy(1);
    await engine.refresh();
    expect(await ask("p00")).toMatchObject({ source: "two_tower" });
    database.away = true;
    expect(await ask("p00")).toMatchObject({ status: 200, source: "popularity" });
    // Nobody has asked for p01 before: their age is not known here.
    for (const id of ["p01", "p11", "nobody"]) expect(await ask(id)).toMatchObject(refused);
    const answer = await engine.recommend("somebody", { ageConfirmed: true, limit: 3 });
    expect(answer).toMatchObject({ source: "popularity", stale: true, modelVersion: null });
    expect(answer.recommendations).toHaveLength(3);
    await expect(engine.status()).rejects.toMatchObject({ code: "database_unreachable" });
    expect(
      await metric("futago_fallbacks_total", { source: "popularity", code: "database_unreachable" }),
    ).toBe(2);
    expect(await metric("futago_broken", { link: "database" })).toBe(1);
    database.away = false;
    expect(await ask("p00")).toMatchObject({ source: "two_tower" });
    expect(await ask("p11")).toMatchObject({ status: 403, code: "age_not_confirmed" });
    expect(await metric("futago_recoveries_total", { link: "database" })).toBe(1);
  });

  test("what is excluded, filtered or taken down here is not among them", async () => {
    const { deploy, engine, database } = world();
    await deploy(1);
    await engine.refresh();
    database.away = true;
    const idsOf = async (options: object = {}): Promise<string[]> =>
      (
        await engine.recommend("somebody", { ageConfirmed: true, limit: 1000, ...options })
      ).recommendations.map(({ itemId }) => itemId);
    const all = await idsOf();
    expect(all).toHaveLength(60);
    expect(await idsOf({ exclude: [all[0]!] })).toEqual(all.slice(1));
    expect(await idsOf({ candidates: [all[3]!, "unknown", all[1]!] })).toEqual([all[1], all[3]]);
    const forest = await idsOf({ filter: { genres: ["forest"], maxPrice: 600, excludeMakers: ["maker 1"] } });
    expect(forest.length).toBeGreaterThan(0);
    for (const id of forest) {
      const number = Number(id.slice(1));
      expect([number % 3, number % 5 !== 1, 300 + 10 * number <= 600]).toEqual([1, true, true]);
    }
    engine.withdraw({ itemId: all[0]! });
    expect(await idsOf()).toEqual(all.slice(1));
  });

  test("a performer who is taken down is gone from memory, also while it is being read anew", async () => {
    const { deploy, store, engine, database } = world();
    await store.putItems([{ id: "v60", title: "Two at the lake", fields: { performers: ["Rin Asano"] } }]);
    await deploy(1);
    const reading = engine.refresh();
    await engine.status();
    engine.withdraw({ performer: "Rin Asano" });
    await reading;
    engine.withdraw({ performer: "Rin Asano" });
    database.away = true;
    const answer = await engine.recommend("somebody", { ageConfirmed: true, limit: 1000 });
    expect(answer.recommendations).toHaveLength(60);
  });

  test("memory is not shown once it is older than its bound, nor an age that was read too long ago", async () => {
    const { deploy, ask, engine, clock, database } = world();
    await deploy(1);
    await engine.refresh();
    await ask("p00");
    database.away = true;
    clock.time += 300_000;
    expect(await ask("p00")).toMatchObject({ status: 200, source: "popularity" });
    clock.time += 1;
    expect(await ask("p00")).toMatchObject(refused);
    database.away = false;
    await engine.refresh();
    database.away = true;
    clock.time += 200_000;
    expect(await ask("p00")).toMatchObject({ status: 200 });
    database.away = false;
    clock.time += 400_000;
    await engine.refresh();
    database.away = true;
    expect(await ask("p00")).toMatchObject(refused);
  });

  test("a viewer who is forgotten, or whose age is no longer confirmed, is not known", async () => {
    const { deploy, store, ask, engine, database } = world();
    await deploy(1);
    await engine.refresh();
    for (const id of ["p00", "p01"]) await ask(id);
    engine.forget("p00");
    await store.putPeople([{ id: "p01", fields: {} }]);
    await ask("p01");
    database.away = true;
    for (const id of ["p00", "p01"]) expect(await ask(id)).toMatchObject(refused);
  });

  test("a viewer who is forgotten while their profile is read stays forgotten", async () => {
    const database = { away: false };
    let meanwhile = (): void => {};
    const { deploy, ask, engine } = faultWorld(undefined, {
      stores: ({ store, vectors, versions }) => ({
        store: breakable(
          {
            ...store,
            history: async (personId: string, options: { readonly limit: number }) => {
              const read = await store.history(personId, options);
              meanwhile();
              return read;
            },
          },
          database,
        ),
        vectors: breakable(vectors, database),
        versions: breakable(versions, database),
      }),
    });
    await deploy(1);
    await engine.refresh();
    meanwhile = () => engine.forget("p00");
    expect((await ask("p00")).status).toBe(200);
    expect((await ask("p01")).status).toBe(200);
    meanwhile = () => {};
    expect((await ask("p02")).status).toBe(200);
    database.away = true;
    expect(await ask("p00")).toMatchObject(refused);
    expect((await ask("p02")).status).toBe(200);
  });

  test("with items 0 nobody is answered from memory", async () => {
    const { deploy, ask, engine, database } = world({ engine: { withoutDatabase: { items: 0 } } });
    await deploy(1);
    await engine.refresh();
    await ask("p00");
    database.away = true;
    expect(await ask("p00")).toMatchObject(refused);
  });

  test("no more ages are remembered than allowed", async () => {
    const { deploy, ask, engine, database } = world({ engine: { withoutDatabase: { people: 2 } } });
    await deploy(1);
    await engine.refresh();
    for (const id of ["p00", "p01", "p02"]) await ask(id);
    database.away = true;
    expect((await ask("p00")).status).toBe(503);
    expect((await ask("p01")).status).toBe(200);
    expect((await ask("p02")).status).toBe(200);
  });

  test("events are refused with 503, and nothing names a person", async () => {
    const { deploy, post, ask, database, logged } = world();
    await deploy(1);
    await ask("p00");
    database.away = true;
    const answer = await post("events", { events: [{ user_id: "p00", video_id: "v01", kind: "like" }] });
    expect(answer.status).toBe(503);
    await ask("p00");
    expect(logged.map(({ code }) => code)).toContain("database_unreachable");
    expect(JSON.stringify(logged)).not.toMatch(/p00|v01/);
  });
});

/** Every method fails while the database is away. */
function breakable<Store extends object>(store: Store, database: { readonly away: boolean }): Store {
  const gone = (): never => {
    throw new FutagoError("database_unreachable", "Cannot reach the database");
  };
  return new Proxy(store, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]): unknown => {
        if (!database.away) return (value as (...given: unknown[]) => unknown).apply(target, args);
        // What gives pages gives none; everything else a promise that fails.
        if (name === "items" || name === "people" || name === "events") {
          return {
            [Symbol.asyncIterator]: () => ({ next: async () => gone() }),
          };
        }
        return Promise.resolve().then(gone);
      };
    },
  });
}
