export { historyContentHash, itemContentHash, type MadeFrom, madeFrom } from "./content-hash.ts";
export {
  type EmbedCatalogueOptions,
  type EmbedSummary,
  embedCatalogue,
  type ItemTower,
} from "./embed-catalogue.ts";
export { type EmbedPeopleOptions, embedPeople, type UserTower } from "./embed-people.ts";
export { hasItemVectors } from "./has-item-vectors.ts";
export { checkFilter, matchesFilter, withBlocks } from "./item-filter.ts";
export { keptVersions } from "./kept-versions.ts";
export { createMemoryVectorStore } from "./memory-vector-store.ts";
export type {
  ItemFilter,
  NearestQuery,
  Neighbour,
  Standing,
  StoredVector,
  VectorBatch,
  VectorStore,
} from "./vector-store.ts";
