import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "explain",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
