import { createEdgeFunction } from "../_shared/run_jobs.js";

export default createEdgeFunction({
  name: "run_jobs",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
