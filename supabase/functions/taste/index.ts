import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "taste",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
