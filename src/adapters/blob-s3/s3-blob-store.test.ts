import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testBlobStore } from "../../base/blob-store.conformance.ts";
import { type FakeS3, startFakeS3 } from "./fake-s3.conformance.ts";
import { createS3BlobStore, type S3BlobStoreOptions } from "./s3-blob-store.ts";

const mb = 1024 * 1024;

describe("blobs in an S3 object store", () => {
  let storage: FakeS3;
  beforeAll(async () => {
    storage = await startFakeS3();
  });
  beforeEach(() => {
    storage.objects.clear();
    storage.requests.length = 0;
  });
  afterAll(() => storage.close());
  const open = (options: Partial<S3BlobStoreOptions> = {}) => {
    const { endpoint, region, accessKeyId, secretAccessKey } = storage;
    const keys = { endpoint, region, accessKeyId, secretAccessKey, bucket: "futago-models" };
    return createS3BlobStore({ ...keys, fetch, wait: async () => {}, ...options });
  };
  const large = Uint8Array.from({ length: 13 * mb }, (_, i) => (i * 31) >> 8);

  testBlobStore(async () => open());

  test("names that need encoding are signed as they are sent", async () => {
    const blobs = open();
    const path = "models/a b+c(1)!*'~&=%/天気";
    await blobs.write(path, Uint8Array.from([1]));
    expect(await blobs.read(path)).toEqual(Uint8Array.from([1]));
    expect(await blobs.list("models/a b")).toEqual([path]);
  });

  test("a blob above 6 MB is sent in parts, each again where the server stumbles", async () => {
    const blobs = open();
    storage.fail("PUT", 2);
    await blobs.write("a", large);
    expect(Buffer.compare((await blobs.read("a"))!, large)).toBe(0);
    expect(storage.requests.filter((request) => request.startsWith("PUT"))).toHaveLength(5);
  });

  test("parts that cannot be sent are thrown away", async () => {
    storage.fail("PUT", 4);
    await expect(open().write("a", large)).rejects.toMatchObject({ code: "storage_failed" });
    expect(storage.uploads.size).toBe(0);
    expect(storage.objects.size).toBe(0);
  });

  test("lists and removes more than a page", async () => {
    for (let i = 0; i < 250; i++) storage.objects.set(`futago-models/many/${i}&`, new Uint8Array(1));
    expect(await open().list("many/")).toHaveLength(250);
    await open().remove("many/1");
    expect(await open().list("")).toHaveLength(139);
  });

  test("what is refused is not asked again, and the keys are in no message", async () => {
    const secretAccessKey = "wrong-secret";
    const refused = await open({ secretAccessKey })
      .read("a")
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "storage_failed", details: { reason: "refused" } });
    expect(JSON.stringify([String(refused), refused])).not.toContain(secretAccessKey);
    expect(JSON.stringify([String(refused), refused])).not.toContain(storage.accessKeyId);
    expect(storage.requests).toHaveLength(1);
  });

  test("a bucket that is missing is named", async () => {
    const blobs = open({ bucket: "other" });
    for (const call of [() => blobs.read("a"), () => blobs.write("a", large), () => blobs.list("")]) {
      await expect(call()).rejects.toThrow(/the bucket "other" must exist/);
    }
  });
});
