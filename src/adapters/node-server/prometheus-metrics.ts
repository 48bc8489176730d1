import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Clock } from "../../base/mod.ts";
import type { EngineObserver } from "../../recommend/mod.ts";
import type { Metrics } from "../../service/mod.ts";

/** Metrics of requests, and of what stands behind the answers. */
export interface ServerMetrics extends Metrics {
  /** For the engine's `observer`. */
  readonly engine: Required<EngineObserver>;
  /** For the engine's `onFallback`. */
  readonly openFailed: (notice: { readonly code: string }) => void;
  /** For `onBreaker` of the database's bounds. */
  readonly breaker: (open: boolean) => void;
}

/**
 * Counts requests with prom-client, beside what it knows of the process: memory, CPU, event loop.
 *
 * @param clock Tells the age of the version that serves.
 * @returns The metrics, in a registry of their own.
 */
export function createPrometheusMetrics(clock: Clock = Date): ServerMetrics {
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
  const fallbacks = new Counter({
    name: "futago_fallbacks_total",
    help: "Recommendations given while something is broken, by who gave them and what is broken",
    labelNames: ["source", "code"],
    registers: [registry],
  });
  const openFailures = new Counter({
    name: "futago_open_failures_total",
    help: "Failures to open a version, by code",
    labelNames: ["code"],
    registers: [registry],
  });
  const broken = new Gauge({
    name: "futago_broken",
    help: "1 while a link of the chain is broken: opening, answering, database",
    labelNames: ["link"],
    registers: [registry],
  });
  for (const link of ["opening", "answering", "database"]) broken.set({ link }, 0);
  const recoveries = new Counter({
    name: "futago_recoveries_total",
    help: "Links of the chain that work again, by what was broken",
    labelNames: ["link", "code"],
    registers: [registry],
  });
  const breakerOpen = new Gauge({
    name: "futago_database_breaker_open",
    help: "1 while requests to the database are held back as it did not answer",
    registers: [registry],
  });
  const valueFormula = new Gauge({
    name: "futago_value_formula",
    help: "1 while the value formula ranks, 0 while similarity does: none is set, or the version lacks a head",
    registers: [registry],
  });
  let servingSince: number | undefined;
  new Gauge({
    name: "futago_model_age_seconds",
    help: "Age of the version that serves, from its training on; NaN where none serves",
    registers: [registry],
    collect() {
      this.set(servingSince === undefined ? Number.NaN : (clock.now() - servingSince) / 1000);
    },
  });
  return Object.freeze({
    engine: Object.freeze({
      failed: (link) => broken.set({ link }, 1),
      fellBack: (source, code) => fallbacks.inc({ source, code }),
      recovered: (link, code) => {
        broken.set({ link }, 0);
        recoveries.inc({ link, code });
      },
      serving: (_version, createdAt) => {
        servingSince = createdAt;
      },
      valuing: (_version, lacking) => valueFormula.set(lacking.length === 0 ? 1 : 0),
    } satisfies EngineObserver),
    openFailed: ({ code }) => openFailures.inc({ code }),
    breaker: (open) => breakerOpen.set(open ? 1 : 0),
    observe: ({ route, status, milliseconds, source, modelVersion, code }) => {
      requests.observe({ route, status }, milliseconds / 1000);
      if (source !== undefined) answers.inc({ source, model_version: modelVersion ?? "none" });
      if (code !== undefined) problems.inc({ code });
    },
    expose: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  } satisfies ServerMetrics);
}
