import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "update_user_embedding",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
