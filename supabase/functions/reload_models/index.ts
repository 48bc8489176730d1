import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "reload_models",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
