import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";
import type { Metrics } from "../../service/mod.ts";

/**
 * Counts requests with prom-client, beside what it knows of the process: memory, CPU, event loop.
 *
 * @returns The metrics, in a registry of their own.
 */
export function createPrometheusMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "futago_request_seconds",
    help: "Time to answer, by route and status",
    labelNames: ["route", "status"],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers: [registry],
  });
  const answers = new Counter({
    name: "futago_answers_total",
    help: "Recommendations given, by who gave them",
    labelNames: ["source", "model_version"],
    registers: [registry],
  });
  const problems = new Counter({
    name: "futago_problems_total",
    help: "Refusals and failures, by code",
    labelNames: ["code"],
    registers: [registry],
  });
  return Object.freeze({
    observe: ({ route, status, milliseconds, source, modelVersion, code }) => {
      requests.observe({ route, status }, milliseconds / 1000);
      if (source !== undefined) answers.inc({ source, model_version: modelVersion ?? "none" });
      if (code !== undefined) problems.inc({ code });
    },
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  } satisfies Metrics);
}
