import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "recommendations",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
