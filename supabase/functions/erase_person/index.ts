import { createEdgeFunction } from "../_shared/erase_person.js";

export default createEdgeFunction({
  name: "erase_person",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
