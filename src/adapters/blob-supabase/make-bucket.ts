import { createStorageClient, type StorageClientOptions } from "./storage-client.ts";

/**
 * Makes a private bucket where there is none of that name; one that exists is left as it is.
 *
 * @param options Project, key, bucket and `fetch`.
 * @returns Whether it was made now.
 * @throws FutagoError `storage_failed` where the key may not, or the storage does not answer.
 *
 * @example
 * ```ts no-run
 * import { makeSupabaseBucket } from "futago/blob-supabase";
 * await makeSupabaseBucket({ url: "https://abcdefgh.supabase.co", key: "sb_secret_…", bucket: "futago-models", fetch });
 * ```
 */
export async function makeSupabaseBucket(options: StorageClientOptions): Promise<boolean> {
  const { bucket } = options;
  const client = createStorageClient(options);
  const answer = await client.ask("bucket", {
    method: "POST",
    body: JSON.stringify({ id: bucket, name: bucket, public: false }),
    headers: { "content-type": "application/json" },
  });
  if (answer.status === 200) return true;
  if (answer.problem.status === 409) return false;
  throw client.failure("make the bucket", bucket, answer);
}
