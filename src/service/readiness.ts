import type { InferenceEngine } from "../recommend/mod.ts";

/**
 * Whether recommendations can be given: the database answers, and something serves, be it popularity.
 *
 * @param engine What serves.
 * @param ping Resolves while the database answers.
 * @returns 200 or 503.
 */
export async function readiness(engine: InferenceEngine, ping: () => Promise<void>): Promise<Response> {
  try {
    await ping();
    const { source, version } = await engine.status();
    return Response.json({
      status: "ready",
      database: "reachable",
      model_version: version,
      source,
    });
  } catch {
    const body = { status: "not_ready", database: "unreachable", model_version: null, source: null };
    return Response.json(body, { status: 503 });
  }
}
