import { createEdgeFunction } from "../_shared/takedown.js";

export default createEdgeFunction({
  name: "takedown",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
