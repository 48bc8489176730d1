import type * as z from "zod/mini";
import type { Clock } from "../base/mod.ts";
import type { CatalogueStore, PersonRecords } from "../catalogue/mod.ts";
import type { RunJobsSlice } from "../jobs/mod.ts";
import type { InferenceEngine } from "../recommend/mod.ts";
import type { SyncDmmSlice } from "../sync/mod.ts";
import type { Caller } from "./auth/caller.ts";
import type { ProblemCode } from "./problem.ts";

/** What handlers work with. */
export interface RouteDeps {
  readonly engine: InferenceEngine;
  readonly store: CatalogueStore;
  readonly clock: Clock;
  /** Absent: `erase_person` and `export_person` are not there. */
  readonly people?: PersonRecords;
  /** Absent: `dmm_content_sync` answers that it needs credentials. */
  readonly syncDmm?: SyncDmmSlice | undefined;
  /** Absent: `run_jobs` answers that none are done here. */
  readonly runJobs?: RunJobsSlice | undefined;
}

/** What a handler is called with. */
export interface RouteContext extends RouteDeps {
  readonly caller: Caller;
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
  /** Who may ask: viewers for themselves and the application for anybody, or the application alone. */
  readonly callers: "viewers" | "service";
  /** Without this of {@link RouteDeps} the route is not there. */
  readonly needs?: "people";
  readonly request: z.core.$ZodType<Request>;
  /** Made where the interface is described, as nothing else looks at it: a function that starts cold is spared it. */
  readonly response: () => z.core.$ZodType<Response>;
  /** Codes it may answer besides those that every route may. */
  readonly problems: readonly ProblemCode[];
  readonly handle: (input: Request, context: RouteContext) => Promise<Handled<Response>>;
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

/**
 * What a route declares to need: it is mounted only where that is there.
 *
 * @param dependency Of {@link RouteDeps}.
 * @returns The same.
 */
export function needed<T>(dependency: T | undefined): T {
  if (dependency === undefined) throw new TypeError("Cannot answer as the route must declare what it needs");
  return dependency;
}
