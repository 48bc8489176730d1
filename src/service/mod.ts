export { type AuthEnvironment, authFromEnv } from "./auth/auth-from-env.ts";
export type { Authenticator, Caller } from "./auth/caller.ts";
export { type AuthenticatorOptions, createAuthenticator } from "./auth/create-authenticator.ts";
export type { KeySetOptions } from "./auth/key-set.ts";
export type { RateLimit } from "./auth/rate-limiter.ts";
export type { JwtOptions } from "./auth/token-verifier.ts";
export type { CorsOptions } from "./cors.ts";
export { createService } from "./create-service.ts";
export { faultOf, type Metrics, type RequestEntry, type RequestLog, silentLog } from "./observe.ts";
export type { ProblemCode, ProblemIssue } from "./problem.ts";
export * as routes from "./routes/all-routes.ts";
export { explanationBody } from "./routes/explain.ts";
export { reasonBody } from "./routes/reason.ts";
export {
  type AnyRoute,
  type RequestOrigin,
  type Service,
  type ServiceDeps,
  serveRoutes,
} from "./serve-routes.ts";
