import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "run_jobs",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
