import { createEdgeFunction } from "../_shared/recommendations.js";

export default createEdgeFunction({
  name: "recommendations",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
