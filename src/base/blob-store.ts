/**
 * Named bytes: bundles, checkpoints, reports. A directory, an object store or memory stand behind it; every
 * implementation passes the one conformance suite in `blob-store.conformance.ts`.
 *
 * Paths use `/`, are relative and never contain `..`.
 */
export interface BlobStore {
  /** The bytes at `path`, or undefined where there are none. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Writes whole or not at all: a reader never sees half a blob, even when the writer is killed. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Every path that starts with `prefix`, sorted. */
  list(prefix: string): Promise<readonly string[]>;
  /** Removes every path that starts with `prefix`; removing nothing is no error. */
  remove(prefix: string): Promise<void>;
}
