import { createCatalogueStore, createPersonRecords } from "../../src/adapters/postgres/server/mod.ts";
import type { InferenceEngine } from "../../src/recommend/mod.ts";
import type { DependenciesOf } from "./edge-function.ts";

// Nobody is recommended anything in these functions, hence nobody is remembered who would have to be forgotten.
const noEngine = { forget: () => {}, withdraw: () => {} } as Partial<InferenceEngine> as InferenceEngine;

/** For routes that read and write rows. */
export const withRows: DependenciesOf = ({ db }) => ({
  engine: noEngine,
  store: createCatalogueStore(db),
  people: createPersonRecords(db),
});
