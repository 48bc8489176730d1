import { createEdgeFunction } from "../_shared/explain.js";

export default createEdgeFunction({
  name: "explain",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
