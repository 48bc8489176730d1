import { createEdgeFunction } from "../_shared/reload_models.js";

export default createEdgeFunction({
  name: "reload_models",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
