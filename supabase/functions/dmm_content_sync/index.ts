import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "dmm_content_sync",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
