import { execFile } from "node:child_process";
import { expect, test } from "vitest";
import { startFakeS3 } from "../src/adapters/blob-s3/fake-s3.conformance.ts";
import { startFakeStorage } from "../src/adapters/blob-supabase/fake-storage.conformance.ts";
import { deno } from "../tools/deno.ts";

test("both storages are read and written in Deno as in Node, a broken connection included", async () => {
  const storage = await startFakeStorage();
  const s3 = await startFakeS3();
  try {
    storage.fail({ kind: "down", method: "PATCH" });
    storage.fail({ kind: "truncated", method: "GET", path: "models/large" });
    s3.fail("PUT", 1);
    const bucket = "futago-models";
    const { endpoint, region, accessKeyId, secretAccessKey } = s3;
    const args = [
      JSON.stringify({ url: storage.url, key: storage.key, bucket }),
      JSON.stringify({ endpoint, region, accessKeyId, secretAccessKey, bucket }),
    ];
    const stdout = await new Promise<string>((resolve, reject) => {
      execFile(
        deno,
        [
          "run",
          "--no-lock",
          "--node-modules-dir=manual",
          "--allow-net=127.0.0.1",
          "tests/blobs-in-deno.ts",
          ...args,
        ],
        (error, out, err) => (error === null ? resolve(out) : reject(new Error(err))),
      );
    });
    const expected = {
      list: ["models/a b/天気", "models/large", "models/large/empty"],
      large: true,
      missing: true,
      left: ["models/a b/天気"],
    };
    expect(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([expected, expected]);
  } finally {
    await Promise.all([storage.close(), s3.close()]);
  }
});
