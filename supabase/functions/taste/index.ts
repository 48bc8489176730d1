import { createEdgeFunction } from "../_shared/taste.js";

export default createEdgeFunction({
  name: "taste",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
