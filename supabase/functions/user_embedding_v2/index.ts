import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "user_embedding_v2",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
