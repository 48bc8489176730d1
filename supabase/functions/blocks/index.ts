import { createEdgeFunction } from "../_shared/blocks.js";

export default createEdgeFunction({
  name: "blocks",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
