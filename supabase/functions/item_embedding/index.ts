import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "item_embedding",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
