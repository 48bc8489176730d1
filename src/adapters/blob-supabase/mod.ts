export { createSupabaseBlobStore, type SupabaseBlobStoreOptions } from "./supabase-blob-store.ts";
