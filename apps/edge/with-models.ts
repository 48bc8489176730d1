import { createSupabaseBlobStore } from "../../src/adapters/blob-supabase/mod.ts";
import {
  createCatalogueStore,
  createVectorStore,
  createVersionStore,
} from "../../src/adapters/postgres/server/mod.ts";
import { createPortableRuntime } from "../../src/onnx/mod.ts";
import {
  createInferenceEngine,
  explorationFromEnv,
  valueFromEnv,
  varietyFromEnv,
} from "../../src/recommend/mod.ts";
import type { DependenciesOf } from "./edge-function.ts";

/** For routes that need the towers. */
export const withModels: DependenciesOf = ({ db, settings, env, fetch, clock, log }) => {
  const store = createCatalogueStore(db);
  const engine = createInferenceEngine({
    store,
    vectors: createVectorStore(db),
    versions: createVersionStore(db),
    blobs: createSupabaseBlobStore({ ...settings.storage, fetch }),
    runtime: createPortableRuntime(),
    itemTower: "when_asked",
    value: valueFromEnv(env),
    variety: varietyFromEnv(env),
    exploration: explorationFromEnv(env),
    withoutDatabase: { items: settings.memoryItems },
    clock,
    onFallback: log.fallback,
    observer: log,
  });
  return { engine, store };
};
