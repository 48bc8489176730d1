export { makeSupabaseBucket } from "./make-bucket.ts";
export type { StorageClientOptions } from "./storage-client.ts";
export { createSupabaseBlobStore, type SupabaseBlobStoreOptions } from "./supabase-blob-store.ts";
