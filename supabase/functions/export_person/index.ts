import { createEdgeFunction } from "../_shared/export_person.js";

export default createEdgeFunction({
  name: "export_person",
  env: Deno.env.toObject(),
  fetch,
  sockets: Deno,
  clock: Date,
});
