import { testStudyStore } from "../../tuning/study-store.conformance.ts";
import { describeDatabases } from "./databases.conformance.ts";

describeDatabases("studies of settings", (open) => {
  testStudyStore(async () => (await open()).tuning);
});
