import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "confirm_age",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
