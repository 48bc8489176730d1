import { createSupabaseBlobStore } from "../../src/adapters/blob-supabase/mod.ts";
import {
  createCatalogueStore,
  createVectorStore,
  createVersionStore,
} from "../../src/adapters/postgres/server/mod.ts";
import { createPortableRuntime } from "../../src/onnx/mod.ts";
import { createItemEmbedder } from "../../src/recommend/mod.ts";
import type { DependenciesOf } from "./edge-function.ts";

/** For the route that embeds videos. */
export const withItemTower: DependenciesOf = ({ db, settings, fetch }) => {
  const store = createCatalogueStore(db);
  const engine = createItemEmbedder({
    store,
    vectors: createVectorStore(db),
    versions: createVersionStore(db),
    blobs: createSupabaseBlobStore({ ...settings.storage, fetch }),
    runtime: createPortableRuntime(),
  });
  return { store, engine };
};
