// What the entries of tools/bundle-edge.ts put together: `edgeFunctionOf(routes.events, withRows)`.
export { routes } from "../../src/service/mod.ts";
export { edgeFunctionOf } from "./edge-function.ts";
export { withItemTower } from "./with-item-tower.ts";
export { withJobs } from "./with-jobs.ts";
export { withModels } from "./with-models.ts";
export { withRows } from "./with-rows.ts";
