import { testAlertStore } from "../../jobs/alerts/alert-store.conformance.ts";
import { createAlertStore } from "./alert-store.ts";
import { describeDatabases } from "./databases.conformance.ts";

describeDatabases("alerts", (open) => {
  testAlertStore(async (clock) => createAlertStore((await open()).connection, { clock }));
});
