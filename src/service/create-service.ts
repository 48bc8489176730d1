import { allRoutes } from "./routes/all-routes.ts";
import { type Service, type ServiceDeps, serveRoutes } from "./serve-routes.ts";

/**
 * The HTTP interface.
 *
 * @param deps Engine, store, and how it is protected and observed.
 * @returns The service.
 *
 * @example
 * ```ts no-run
 * import { createService, type ServiceDeps } from "futago";
 * declare const deps: ServiceDeps;
 * const service = createService(deps);
 * const answer = await service.fetch(new Request("http://localhost/health/live"));
 * ```
 */
export function createService(deps: ServiceDeps): Service {
  return serveRoutes(allRoutes, deps);
}
