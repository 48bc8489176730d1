import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "takedown",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
