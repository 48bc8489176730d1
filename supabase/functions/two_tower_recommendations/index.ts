import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "two_tower_recommendations",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
