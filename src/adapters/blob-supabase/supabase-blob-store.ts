import { type BlobStore, checkBlobPath } from "../../base/mod.ts";
import { createStorageClient, type StorageClient, type StorageClientOptions } from "./storage-client.ts";
import { resumableFrom, uploadResumable } from "./upload-resumable.ts";

/** What {@link createSupabaseBlobStore} is given. */
export interface SupabaseBlobStoreOptions extends StorageClientOptions {
  /**
   * How long caches may keep what is written, in seconds. The default is for paths whose content never changes; 0 where
   * blobs are overwritten, as an edge cache is told of a change only after a minute.
   *
   * @default 31536000
   */
  readonly cacheSeconds?: number;
}

/** As many names as one request lists or removes. */
const pageSize = 1000;

/**
 * Blobs in Supabase Storage, over its REST interface. Up to 6 MB in one request; above that by resumable upload in parts
 * of 6 MB, which goes on where a connection broke. Runs in Node, Deno and browsers.
 *
 * @param options Project, key, bucket and `fetch`; the bucket must exist (`makeSupabaseBucket`), keep it private.
 * @returns The store. Failures are FutagoError `storage_failed`; the key is in no message.
 *
 * @example
 * ```ts no-run
 * import { createSupabaseBlobStore } from "futago/blob-supabase";
 * const url = "https://abcdefgh.supabase.co";
 * const blobs = createSupabaseBlobStore({ url, key: "sb_secret_…", bucket: "futago-models", fetch });
 * const paths = await blobs.list("models/");
 * ```
 */
export function createSupabaseBlobStore(options: SupabaseBlobStoreOptions): BlobStore {
  const { bucket, cacheSeconds = 31_536_000 } = options;
  const client = createStorageClient(options);
  const list = async (prefix: string): Promise<string[]> => {
    checkBlobPath(prefix, { prefix: true });
    const folder = prefix.slice(0, Math.max(0, prefix.lastIndexOf("/")));
    const found = await listFolder(client, folder);
    return found.filter((path) => path.startsWith(prefix)).sort();
  };
  return {
    read: async (path) => {
      checkBlobPath(path);
      const answer = await client.ask(`object/authenticated/${bucket}/${encodePath(path)}`, {
        method: "GET",
      });
      if (answer.status === 200) return answer.bytes;
      if (answer.problem.missing === "object") return undefined;
      throw client.failure("read", path, answer);
    },
    write: async (path, bytes) => {
      checkBlobPath(path);
      // Taken before the first wait: the caller may go on to use the buffer.
      const copy = bytes.slice();
      if (copy.length > resumableFrom) {
        await uploadResumable(client, { path, bytes: copy, cacheSeconds });
        return;
      }
      const answer = await client.ask(`object/${bucket}/${encodePath(path)}`, {
        method: "POST",
        body: copy,
        headers: {
          "content-type": "application/octet-stream",
          "cache-control": `max-age=${cacheSeconds}`,
          "x-upsert": "true",
        },
      });
      if (answer.status !== 200) throw client.failure("write", path, answer);
    },
    list,
    remove: async (prefix) => {
      const paths = await list(prefix);
      for (let start = 0; start < paths.length; start += pageSize) {
        const answer = await client.ask(`object/${bucket}`, {
          method: "DELETE",
          body: JSON.stringify({ prefixes: paths.slice(start, start + pageSize) }),
          headers: { "content-type": "application/json" },
        });
        if (answer.status !== 200) throw client.failure("remove", prefix, answer);
      }
    },
  };
}

/** A folder is listed without what is in its folders: those are entries without an id. */
async function listFolder(client: StorageClient, folder: string): Promise<string[]> {
  const found: string[] = [];
  const below = folder === "" ? "" : `${folder}/`;
  for (let offset = 0; ; offset += pageSize) {
    const answer = await client.ask(`object/list/${client.bucket}`, {
      method: "POST",
      body: JSON.stringify({
        prefix: folder,
        limit: pageSize,
        offset,
        sortBy: { column: "name", order: "asc" },
      }),
      headers: { "content-type": "application/json" },
    });
    if (answer.status !== 200) throw client.failure("list", below, answer);
    const entries = JSON.parse(new TextDecoder().decode(answer.bytes)) as readonly StorageEntry[];
    for (const { name, id } of entries) {
      if (id === null) found.push(...(await listFolder(client, below + name)));
      // Left by the dashboard, to keep a folder that has nothing in it.
      else if (name !== ".emptyFolderPlaceholder") found.push(below + name);
    }
    if (entries.length < pageSize) return found;
  }
}

interface StorageEntry {
  readonly name: string;
  /** Null for a folder. */
  readonly id: string | null;
}

function encodePath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}
