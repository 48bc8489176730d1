import { testJobQueue } from "../../jobs/job-queue.conformance.ts";
import { describeDatabases } from "./databases.conformance.ts";
import { createJobQueue } from "./job-queue.ts";

describeDatabases("jobs", (open) => {
  testJobQueue(async (clock) => createJobQueue((await open()).connection, { clock }));
});
