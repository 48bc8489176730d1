import { createStoredViewerReader } from "../../src/adapters/postgres/server/mod.ts";
import {
  createInferenceEngine,
  explorationFromEnv,
  valueFromEnv,
  varietyFromEnv,
} from "../../src/recommend/mod.ts";
import type { DependenciesOf } from "./edge-function.ts";
import { modelStores } from "./model-stores.ts";

/** For routes that need the towers. */
export const withModels: DependenciesOf = (platform) => {
  const { settings, env, clock, log } = platform;
  const stores = modelStores(platform);
  const engine = createInferenceEngine({
    ...stores,
    readStoredViewer: createStoredViewerReader(platform.db),
    itemTower: "when_asked",
    value: valueFromEnv(env),
    variety: varietyFromEnv(env),
    exploration: explorationFromEnv(env),
    withoutDatabase: { items: settings.memoryItems },
    clock,
    onFallback: log.fallback,
    observer: log,
  });
  return { engine, store: stores.store };
};
