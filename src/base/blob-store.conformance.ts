import { describe, expect, test } from "vitest";
import type { BlobStore } from "./blob-store.ts";

/**
 * What every {@link BlobStore} must do, as tests.
 *
 * @param makeStore Called once in each test; gives an empty store.
 */
export function testBlobStore(makeStore: () => Promise<BlobStore>): void {
  const bytes = Uint8Array.from([0, 1, 2, 253, 254, 255]);

  describe("a blob", () => {
    test("comes back byte for byte, and is undefined where there is none", async () => {
      const store = await makeStore();
      expect(await store.read("models/v1/tower.onnx")).toBeUndefined();
      await store.write("models/v1/tower.onnx", bytes);
      expect(await store.read("models/v1/tower.onnx")).toEqual(bytes);
      expect(await store.read("models/v1")).toBeUndefined();
      await store.write("empty", new Uint8Array(0));
      expect(await store.read("empty")).toEqual(new Uint8Array(0));
    });

    test("is replaced whole by a later write, and does not change with the caller's buffer", async () => {
      const store = await makeStore();
      await store.write("a", bytes);
      const own = Uint8Array.from([7, 8]);
      await store.write("a", own);
      own[0] = 0;
      expect(await store.read("a")).toEqual(Uint8Array.from([7, 8]));
    });

    test("is one of its writers' blobs when many write at once", async () => {
      const store = await makeStore();
      const writers = Array.from({ length: 8 }, (_, i) => new Uint8Array(20_000).fill(i));
      await Promise.all(writers.map((blob) => store.write("dir/a", blob)));
      const kept = await store.read("dir/a");
      expect(writers.some((blob) => blob.every((byte, i) => byte === kept?.[i]))).toBe(true);
      expect(await store.list("")).toEqual(["dir/a"]);
    });
  });

  test("list gives every path with the prefix, sorted", async () => {
    const store = await makeStore();
    expect(await store.list("models/")).toEqual([]);
    for (const path of ["models/v2/a", "models/v10/b", "models/v1/c", "other"])
      await store.write(path, bytes);
    expect(await store.list("models/v1")).toEqual(["models/v1/c", "models/v10/b"]);
    expect(await store.list("models/v1/")).toEqual(["models/v1/c"]);
    expect(await store.list("")).toEqual(["models/v1/c", "models/v10/b", "models/v2/a", "other"]);
  });

  test("remove takes away exactly what starts with the prefix, and nothing is no error", async () => {
    const store = await makeStore();
    for (const path of ["models/v1/a", "models/v1/b/c", "models/v10/a"]) await store.write(path, bytes);
    await store.remove("models/v1/");
    await store.remove("models/v1/");
    expect(await store.list("")).toEqual(["models/v10/a"]);
    await store.write("models/v1/a", bytes);
    expect(await store.read("models/v1/a")).toEqual(bytes);
  });

  test("a path that leaves the store is refused", async () => {
    const store = await makeStore();
    for (const path of ["", "/etc/hosts", "../a", "a/../../b", "a//b", "a\\b", "a\0b", "./a", ".partial-a"]) {
      await expect(store.read(path)).rejects.toThrow(RangeError);
      await expect(store.write(path, bytes)).rejects.toThrow(RangeError);
    }
    await expect(store.list("../")).rejects.toThrow(RangeError);
    await expect(store.remove("a/../../")).rejects.toThrow(RangeError);
  });
}
