export { createService, type Service, type ServiceDeps } from "./create-service.ts";
export { faultOf, type Metrics, type RequestEntry, type RequestLog, silentLog } from "./observe.ts";
export type { ProblemCode, ProblemIssue } from "./problem.ts";
