import { testCatalogueStore } from "../../catalogue/store.conformance.ts";
import { describeDatabases } from "./test-databases.ts";

describeDatabases("the catalogue", (open) => {
  testCatalogueStore(async () => (await open()).catalogue);
});
