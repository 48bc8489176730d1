import { expect, test } from "vitest";
import { createPinoLog } from "./pino-log.ts";
import { createPrometheusMetrics } from "./prometheus-metrics.ts";

test("metrics and log tell whether the value formula ranks", async () => {
  const metrics = createPrometheusMetrics();
  const shown = async () => /^futago_value_formula (\d)$/m.exec((await metrics.expose()).text)?.[1];
  expect(await shown()).toBe("0");
  metrics.engine.valuing("1", []);
  expect(await shown()).toBe("1");
  metrics.engine.valuing("2", ["nope"]);
  expect(await shown()).toBe("0");
  const lines: string[] = [];
  const log = createPinoLog({ destination: { write: (line) => lines.push(line) } });
  log.valuing("1", []);
  log.valuing("2", ["nope"]);
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 30, version: "1" },
    { level: 40, version: "2", lacking: ["nope"] },
  ]);
});
