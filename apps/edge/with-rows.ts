import { createCatalogueStore, createPersonRecords } from "../../src/adapters/postgres/server/mod.ts";
import type { DependenciesOf } from "./edge-function.ts";

/** For routes that read and write rows. */
export const withRows: DependenciesOf = ({ db }) => ({
  // Nobody is recommended anything here, hence nobody is remembered who would have to be forgotten.
  engine: { forget: () => {}, withdraw: () => {} },
  store: createCatalogueStore(db),
  people: createPersonRecords(db),
});
