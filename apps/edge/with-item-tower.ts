import { createItemEmbedder } from "../../src/recommend/mod.ts";
import type { DependenciesOf } from "./edge-function.ts";
import { modelStores } from "./model-stores.ts";

/** For the route that embeds videos. */
export const withItemTower: DependenciesOf = (platform) => {
  const stores = modelStores(platform);
  return { store: stores.store, engine: createItemEmbedder(stores) };
};
