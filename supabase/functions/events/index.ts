import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "events",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
