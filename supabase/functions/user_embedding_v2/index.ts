import { createEdgeFunction } from "../_shared/user_embedding_v2.js";

export default createEdgeFunction({
  name: "user_embedding_v2",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
