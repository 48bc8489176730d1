import { createEdgeFunction } from "../_shared/dmm_content_sync.js";

export default createEdgeFunction({
  name: "dmm_content_sync",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
