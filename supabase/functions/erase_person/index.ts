import { createEdgeFunction } from "../_shared/futago.js";

export default createEdgeFunction({
  name: "erase_person",
  env: Deno.env.toObject(),
  fetch,
  clock: Date,
});
