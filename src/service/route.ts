import type { z } from "@hono/zod-openapi";
import type { Clock } from "../base/mod.ts";
import type { CatalogueStore } from "../catalogue/mod.ts";
import type { InferenceEngine } from "../recommend/mod.ts";
import type { ProblemCode } from "./problem.ts";

/** What handlers work with. */
export interface RouteDeps {
  readonly engine: InferenceEngine;
  readonly store: CatalogueStore;
  readonly clock: Clock;
}

/** What a handler answers: the body without `request_id`, and what of it may be logged. */
export interface Handled<Response> {
  readonly body: Omit<Response, "request_id">;
  readonly source?: string;
  readonly modelVersion?: string | null;
}

/** One POST route as data: mounted, validated and documented from the same declaration. */
export interface Route<Request, Response> {
  readonly path: string;
  readonly name: string;
  readonly summary: string;
  readonly request: z.ZodType<Request>;
  readonly response: z.ZodType<Response>;
  /** Codes it may answer besides those that every route may. */
  readonly problems: readonly ProblemCode[];
  readonly handle: (input: Request, deps: RouteDeps) => Promise<Handled<Response>>;
}

/**
 * Keeps a route's types together.
 *
 * @param route The declaration.
 * @returns The same.
 */
export function defineRoute<Request, Response>(route: Route<Request, Response>): Route<Request, Response> {
  return Object.freeze(route);
}
