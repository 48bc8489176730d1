import { createEdgeFunction } from "../_shared/item_embedding.js";

export default createEdgeFunction({
  name: "item_embedding",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
