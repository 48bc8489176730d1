import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createFileBlobStore } from "../src/adapters/blob-fs/mod.ts";
import { startFakeStorage } from "../src/adapters/blob-supabase/fake-storage.conformance.ts";
import { createSupabaseBlobStore } from "../src/adapters/blob-supabase/mod.ts";
import { type BlobStore, FutagoError, sha256Hex } from "../src/base/mod.ts";
import { embedCatalogue } from "../src/embeddings/mod.ts";
import { createPortableRuntime, type Runtime } from "../src/onnx/mod.ts";
import { loadModel } from "../src/registry/mod.ts";
import { faultWorld } from "./fault-world.ts";

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

  test("that hangs keeps nobody from closing, and what it gives afterwards is freed", async () => {
    const sessions = { open: 0 };
    const runtime = (inner: Runtime): Runtime => ({
      ...inner,
      load: async (model, options) => {
        const session = await inner.load(model, options);
        sessions.open++;
        return {
          inputNames: session.inputNames,
          outputNames: session.outputNames,
          run: (inputs, outputs) => session.run(inputs, outputs),
          close: async () => {
            sessions.open--;
            await session.close();
          },
        };
      },
    });
    const { deploy, storage, start } = world({ openWaitMs: 5 });
    await deploy(1);
    storage.mode = "hangs";
    const { ask, engine } = start({ runtime: runtime(createPortableRuntime()) });
    await ask();
    await engine.close();
    expect(sessions.open).toBe(0);
    storage.mode = "works";
    storage.release();
    const reopened = start({ runtime: runtime(createPortableRuntime()) });
    await reopened.engine.refresh();
    await reopened.engine.close();
    await expect.poll(() => sessions.open, { timeout: 20_000 }).toBe(0);
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
