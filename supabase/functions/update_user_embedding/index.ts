import { createEdgeFunction } from "../_shared/update_user_embedding.js";

export default createEdgeFunction({
  name: "update_user_embedding",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
