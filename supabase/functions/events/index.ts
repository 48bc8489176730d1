import { createEdgeFunction } from "../_shared/events.js";

export default createEdgeFunction({
  name: "events",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
