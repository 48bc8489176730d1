import { createSupabaseBlobStore } from "../../src/adapters/blob-supabase/mod.ts";
import {
  createCatalogueStore,
  createVectorStore,
  createVersionStore,
} from "../../src/adapters/postgres/server/mod.ts";
import { createPortableRuntime } from "../../src/onnx/mod.ts";
import type { EdgePlatform } from "./edge-function.ts";

/** What a function that opens a model works with: rows, vectors, versions, their bundles, and what runs them. */
export function modelStores({ db, settings, fetch }: EdgePlatform) {
  return {
    store: createCatalogueStore(db),
    vectors: createVectorStore(db),
    versions: createVersionStore(db),
    blobs: createSupabaseBlobStore({ ...settings.storage, fetch }),
    runtime: createPortableRuntime(),
  };
}
