import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "blocks",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
