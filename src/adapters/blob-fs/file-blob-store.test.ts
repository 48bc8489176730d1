import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { testBlobStore } from "../../base/blob-store.conformance.ts";
import { createFileBlobStore } from "./file-blob-store.ts";

describe("blobs as files", () => {
  const folders: string[] = [];
  const folder = async (): Promise<string> => {
    const made = await mkdtemp(join(tmpdir(), "futago-blobs-"));
    folders.push(made);
    return made;
  };
  afterEach(async () => {
    for (const made of folders.splice(0)) await rm(made, { recursive: true, force: true });
  });

  testBlobStore(async () => createFileBlobStore(join(await folder(), "new")));

  test("what a killed writer left is neither listed nor read", async () => {
    const root = await folder();
    await writeFile(join(root, ".partial-a-1"), "half");
    expect(await createFileBlobStore(root).list("")).toEqual([]);
  });

  test("a disk that refuses is storage_failed", async () => {
    const root = await folder();
    await writeFile(join(root, "file"), "");
    await chmod(root, 0o500);
    const refused = createFileBlobStore(join(root, "file", "below")).write("a", new Uint8Array(1));
    await expect(refused).rejects.toMatchObject({ code: "storage_failed" });
    await chmod(root, 0o700);
  });
});
