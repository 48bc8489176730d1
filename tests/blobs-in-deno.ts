// Run in Deno with nothing but the network granted: what it prints is compared with what it should find.
import { createS3BlobStore, type S3BlobStoreOptions } from "../src/adapters/blob-s3/mod.ts";
import { createSupabaseBlobStore, type SupabaseBlobStoreOptions } from "../src/adapters/blob-supabase/mod.ts";
import { sha256Hex } from "../src/base/mod.ts";

const [, , supabase, s3] = process.argv as [string, string, string, string];
const stores = [
  createSupabaseBlobStore({ ...(JSON.parse(supabase) as Omit<SupabaseBlobStoreOptions, "fetch">), fetch }),
  createS3BlobStore({ ...(JSON.parse(s3) as Omit<S3BlobStoreOptions, "fetch">), fetch }),
];
const large = Uint8Array.from({ length: 13 * 1024 * 1024 }, (_, i) => (i * 31) >> 8);
for (const blobs of stores) {
  await blobs.write("models/a b/天気", Uint8Array.from([1, 2, 3]));
  await blobs.write("models/large", large);
  await blobs.write("models/large/empty", new Uint8Array(0));
  const read = await blobs.read("models/large");
  const found = {
    list: await blobs.list("models/"),
    large: read !== undefined && sha256Hex(read) === sha256Hex(large),
    missing: (await blobs.read("models/none")) === undefined,
  };
  await blobs.remove("models/large");
  console.log(JSON.stringify({ ...found, left: await blobs.list("") }));
}
