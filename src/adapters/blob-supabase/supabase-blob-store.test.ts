import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testBlobStore } from "../../base/blob-store.conformance.ts";
import { type FakeStorage, startFakeStorage } from "./fake-storage.conformance.ts";
import { makeSupabaseBucket } from "./make-bucket.ts";
import { createSupabaseBlobStore } from "./supabase-blob-store.ts";

const bucket = "futago-models";
const mb = 1024 * 1024;

describe("blobs in Supabase Storage", () => {
  let storage: FakeStorage;
  beforeAll(async () => {
    storage = await startFakeStorage();
  });
  beforeEach(() => {
    storage.mend();
    storage.objects.clear();
    storage.requests.length = 0;
  });
  afterAll(() => storage.close());
  const open = (options: { key?: string; bucket?: string; timeoutMs?: number } = {}) =>
    createSupabaseBlobStore({
      url: storage.url,
      key: storage.key,
      bucket,
      fetch,
      wait: async () => {},
      ...options,
    });
  const patches = () => storage.requests.filter((request) => request.startsWith("PATCH")).length;
  const large = Uint8Array.from({ length: 13 * mb }, (_, i) => (i * 31) >> 8);

  testBlobStore(async () => open());

  test("a blob above 6 MB is sent in parts of exactly 6 MB, and replaces an older one", async () => {
    const blobs = open();
    await blobs.write("models/v/tower.onnx", Uint8Array.from([1]));
    await blobs.write("models/v/tower.onnx", large);
    expect(patches()).toBe(3);
    expect(Buffer.compare((await blobs.read("models/v/tower.onnx"))!, large)).toBe(0);
    expect(storage.objects.get(`${bucket}/models/v/tower.onnx`)?.cacheControl).toBe("max-age=31536000");
  });

  test("an upload whose connection breaks goes on where it broke", async () => {
    storage.fail({ kind: "down", method: "PATCH", times: 2 });
    await open().write("a", large);
    expect(Buffer.compare(storage.objects.get(`${bucket}/a`)!.bytes, large)).toBe(0);
    // 3 + 1.5 MB arrived of the broken ones, then 6 and 2.5: no byte was sent twice but those cut off.
    expect(patches()).toBe(4);
    expect(storage.requests.filter((request) => request.startsWith("HEAD"))).toHaveLength(2);
  });

  test("an upload whose address has expired begins anew", async () => {
    const blobs = createSupabaseBlobStore({
      url: storage.url,
      key: storage.key,
      bucket,
      wait: async () => {},
      fetch: (url, init) => {
        if (patches() === 1) storage.expireUploads();
        return fetch(url, init);
      },
    });
    await blobs.write("a", large);
    expect(Buffer.compare(storage.objects.get(`${bucket}/a`)!.bytes, large)).toBe(0);
    expect(
      storage.requests.filter((request) => request === "POST /storage/v1/upload/resumable"),
    ).toHaveLength(2);
  });

  test("an upload without progress is given up, in words", async () => {
    storage.fail({ kind: "error", method: "PATCH", times: 100 });
    await expect(open().write("a", large)).rejects.toMatchObject({ code: "storage_failed" });
    expect(patches()).toBe(6);
  });

  test("lists folders of more than a page, and removes by the thousand", async () => {
    for (let i = 0; i < 2100; i++) {
      storage.objects.set(`${bucket}/many/${i % 2}/${i}`, { bytes: new Uint8Array(1), cacheControl: "" });
    }
    storage.objects.set(`${bucket}/many/.emptyFolderPlaceholder`, {
      bytes: new Uint8Array(0),
      cacheControl: "",
    });
    const blobs = open();
    expect(await blobs.list("many/")).toHaveLength(2100);
    expect(await blobs.list("many/1/9")).toHaveLength(56);
    await blobs.remove("many/1/");
    expect(await blobs.list("many/")).toHaveLength(1050);
  });

  test.each(["down", "error", "truncated"] as const)(
    "a storage that is %s for a moment is asked again",
    async (kind) => {
      const blobs = open();
      await blobs.write("a", large.subarray(0, mb));
      storage.fail({ kind, times: 3 });
      expect(Buffer.compare((await blobs.read("a"))!, large.subarray(0, mb))).toBe(0);
      expect(storage.requests.filter((request) => request.startsWith("GET"))).toHaveLength(4);
      storage.fail({ kind, times: 4 });
      await expect(blobs.read("a")).rejects.toMatchObject({ code: "storage_failed" });
    },
  );

  test("a storage that hangs is given up after a while", async () => {
    storage.fail({ kind: "slow", delayMs: 5000, times: 4 });
    await expect(open({ timeoutMs: 20 }).read("a")).rejects.toMatchObject({
      code: "storage_failed",
      details: { reason: "timeout" },
    });
  });

  test("what the storage refuses is not asked again, and the key is in no message", async () => {
    const key = "sb_secret_wrong";
    const refused = await open({ key })
      .read("a")
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "storage_failed", details: { reason: "refused" } });
    expect(JSON.stringify([String(refused), refused])).not.toContain(key);
    expect(storage.requests).toHaveLength(1);
  });

  test("a bucket that is missing is named, whatever is asked of it", async () => {
    const blobs = open({ bucket: "other" });
    const calls = [
      () => blobs.read("a"),
      () => blobs.write("a", large),
      () => blobs.list(""),
      () => blobs.write("a", new Uint8Array(1)),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toThrow(/the bucket "other" must exist/);
    }
  });

  test("a bucket is made where it is missing, and left as it is where it is not", async () => {
    const { url, key } = storage;
    expect(await makeSupabaseBucket({ url, key, bucket: "fresh", fetch })).toBe(true);
    await open({ bucket: "fresh" }).write("a", new Uint8Array(1));
    expect(await makeSupabaseBucket({ url, key, bucket: "fresh", fetch })).toBe(false);
    expect(await open({ bucket: "fresh" }).list("")).toEqual(["a"]);
    await expect(
      makeSupabaseBucket({ url, key: "sb_secret_wrong", bucket: "other", fetch }),
    ).rejects.toMatchObject({
      details: { reason: "refused" },
    });
  });

  test("an address that is none is the caller's mistake", () => {
    expect(() => createSupabaseBlobStore({ url: "here", key: "k", bucket, fetch })).toThrow(TypeError);
  });
});
