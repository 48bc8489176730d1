import { createEdgeFunction } from "../_shared/confirm_age.js";

export default createEdgeFunction({
  name: "confirm_age",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
