import { type BlobStore, checkBlobPath } from "../../base/mod.ts";
import { createS3Client, type S3Client, type S3ClientOptions } from "./s3-client.ts";
import { partBytes, uploadParts } from "./upload-parts.ts";
import { textsOf } from "./xml-text.ts";

/** What {@link createS3BlobStore} is given. */
export interface S3BlobStoreOptions extends S3ClientOptions {
  /** As for Supabase Storage: how long caches may keep what is written, in seconds. @default 31536000 */
  readonly cacheSeconds?: number;
}

/**
 * Blobs in an object store that speaks S3: AWS, MinIO, R2, Supabase's own. Signed with signature version 4, in path
 * style; above 6 MB in parts. Runs in Node, Deno and browsers.
 *
 * @param options Endpoint, keys, bucket and `fetch`.
 * @returns The store. Failures are FutagoError `storage_failed`; the keys are in no message.
 *
 * @example
 * ```ts no-run
 * import { createS3BlobStore, type S3BlobStoreOptions } from "futago/blob-s3";
 * declare const options: S3BlobStoreOptions;
 * const paths = await createS3BlobStore(options).list("models/");
 * ```
 */
export function createS3BlobStore(options: S3BlobStoreOptions): BlobStore {
  const { cacheSeconds = 31_536_000 } = options;
  const client = createS3Client(options);
  const headers = {
    "content-type": "application/octet-stream",
    "cache-control": `max-age=${cacheSeconds}`,
  };
  return {
    read: async (path) => {
      const answer = await client.ask({ method: "GET", path: checkBlobPath(path) });
      if (answer.status === 200) return answer.bytes;
      if (answer.code === "NoSuchKey") return undefined;
      throw client.failure("read", path, answer);
    },
    write: async (path, bytes) => {
      checkBlobPath(path);
      // Taken before the first wait: the caller may go on to use the buffer.
      const copy = bytes.slice();
      if (copy.length > partBytes) {
        await uploadParts(client, { path, bytes: copy, headers });
        return;
      }
      const answer = await client.ask({ method: "PUT", path, body: copy, headers });
      if (answer.status !== 200) throw client.failure("write", path, answer);
    },
    list: (prefix) => list(client, prefix),
    remove: async (prefix) => {
      // One by one: removing many in one request needs a checksum that not every store takes alike.
      for (const path of await list(client, prefix)) {
        const answer = await client.ask({ method: "DELETE", path });
        if (answer.status !== 204 && answer.status !== 200 && answer.code !== "NoSuchKey") {
          throw client.failure("remove", path, answer);
        }
      }
    },
  };
}

async function list(client: S3Client, prefix: string): Promise<string[]> {
  checkBlobPath(prefix, { prefix: true });
  const found: string[] = [];
  let token: string | undefined;
  do {
    const query = {
      "list-type": "2",
      "encoding-type": "url",
      prefix,
      ...(token === undefined ? {} : { "continuation-token": token }),
    };
    const answer = await client.ask({ method: "GET", path: "", query });
    if (answer.status !== 200) throw client.failure("list", prefix, answer);
    const text = new TextDecoder().decode(answer.bytes);
    for (const key of textsOf(text, "Key")) found.push(decodeURIComponent(key.replaceAll("+", " ")));
    token = textsOf(text, "NextContinuationToken")[0];
  } while (token !== undefined);
  return found.sort();
}
