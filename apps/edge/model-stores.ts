import { createSupabaseBlobStore } from "../../src/adapters/blob-supabase/mod.ts";
import {
  createCatalogueStore,
  createVectorStore,
  createVersionStore,
} from "../../src/adapters/postgres/server/mod.ts";
import type { Runtime } from "../../src/onnx/mod.ts";
import type { EdgePlatform } from "./edge-function.ts";

/** The portable runtime, read when a model is opened: the first answers of a worker may need none. */
const portable: Runtime = {
  name: "portable",
  load: async (model, options) => {
    const { createPortableRuntime } = await import("../../src/onnx/mod.ts");
    return createPortableRuntime().load(model, options);
  },
};

/** What a function that opens a model works with: rows, vectors, versions, their bundles, and what runs them. */
export function modelStores({ db, settings, fetch }: EdgePlatform) {
  return {
    store: createCatalogueStore(db),
    vectors: createVectorStore(db),
    versions: createVersionStore(db),
    blobs: createSupabaseBlobStore({ ...settings.storage, fetch }),
    runtime: portable,
  };
}
