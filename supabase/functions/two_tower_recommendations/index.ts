import { createEdgeFunction } from "../_shared/two_tower_recommendations.js";

export default createEdgeFunction({
  name: "two_tower_recommendations",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
