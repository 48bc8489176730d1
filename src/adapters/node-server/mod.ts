export { type DailyLogOptions, type LogDestination, openDailyLog } from "./daily-log.ts";
export { createJobLog, type JobLog, type JobLogOptions, standardError } from "./job-log.ts";
export { createPinoLog, type PinoLogOptions, type ServerLog } from "./pino-log.ts";
export { createPrometheusMetrics, type ServerMetrics } from "./prometheus-metrics.ts";
export { type RunningServer, type ServerOptions, startServer } from "./start-server.ts";
