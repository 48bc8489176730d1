import { expect, test } from "vitest";
import { barValue, renderMeasured, replaceMeasured } from "./render.ts";
import { type EvaluateSummary, type QualityResult, resultOf } from "./results.ts";
import type { QualityRow } from "./rows.ts";

const row: QualityRow = {
  name: "made-up",
  title: "Made up",
  command: ["evaluate"],
  targets: [
    {
      metric: "ndcg@10",
      must: { times: 1, best: ["ease", "ials"] },
      aim: { times: 1.1, best: ["ease", "ials"] },
    },
    { metric: "hr@10", must: 0.9, aim: 0.95 },
  ],
};

const model = (name: string, ndcg: number) => ({
  name,
  metrics: { "ndcg@10": ndcg, "hr@10": 0.5, auc: 0.9 },
  ci95: { "ndcg@10": [ndcg - 0.02, ndcg + 0.02], "hr@10": [0.4, 0.6] } as const,
});

function summaryWith(own: number): EvaluateSummary {
  return {
    protocolHash: "0123456789abcdef",
    testUsers: 60,
    models: [model("two-tower", own), model("popularity", 0.2), model("ease", 0.4), model("ials", 0.38)],
    differences: [
      {
        model: "two-tower",
        baseline: "ease",
        metrics: { "ndcg@10": { mean: own - 0.4, low: -0.01, high: 0.03 } },
      },
    ],
    trainSeconds: 12,
    peakRssMb: 345,
    seeds: [
      {
        seed: 42,
        models: [model("two-tower", own), { ...model("ease", 0.4), chosen: { lambda: 400 } }],
        training: { seconds: 12, epochs: 9, bestEpoch: 7 },
        historyCurve: {
          viewers: 50,
          points: [
            { length: 0, models: [{ name: "two-tower", ndcg10: { mean: 0.1, low: 0.08, high: 0.12 } }] },
          ],
        },
      },
    ],
  };
}

const facts: Pick<QualityResult, "row" | "command" | "on" | "commit" | "machine" | "wallSeconds"> = {
  row: "made-up",
  command: "npx futago evaluate",
  on: "2026-01-02",
  commit: "abc",
  machine: { cpu: "A CPU", cores: 2, memoryGb: 8, node: "v24", platform: "linux-x64" },
  wallSeconds: 99,
};

test("a bar is a number, or so many times the best of the baselines it names that ran", () => {
  const { models } = resultOf(summaryWith(0.41), facts);
  expect(barValue(0.3, "ndcg@10", models)).toBe(0.3);
  expect(barValue({ times: 1.1, best: ["ease", "ials"] }, "ndcg@10", models)).toBeCloseTo(0.44, 12);
  expect(barValue({ times: 2, best: ["content-knn"] }, "ndcg@10", models)).toBeUndefined();
});

test.each([
  [0.39, "**missed**"],
  [0.41, "must reached"],
  [0.45, "aim reached"],
])("%d beside EASE's .400 is %s", (own, verdict) => {
  const [line] = renderMeasured([row], [resultOf(summaryWith(own), facts)])
    .split("\n")
    .slice(2);
  expect(line).toContain(`| ${verdict} |`);
  expect(line).toContain("ease .400");
});

test("the page shows models, command, cost, choices and history, and says what was not measured", () => {
  const text = renderMeasured([row, { ...row, name: "other" }], [resultOf(summaryWith(0.41), facts)]);
  for (const part of [
    "npx futago evaluate",
    "| two-tower | .410 ±.020 |",
    "+.010 [−.010, +.030]",
    "peak memory 345 MB",
    "the whole command 99 s",
    "ease lambda 400",
    "best after epoch 7 of 9, 12 s of training",
    "| 0 | .100 ±.020 |",
    "not measured",
    "| **missed** |",
  ]) {
    expect(text).toContain(part);
  }
  expect(text).not.toMatch(/NaN|undefined/);
});

test("only what stands between the marks is replaced", () => {
  const page = "before\n<!-- measured: written by npm run quality -->\nold\n<!-- /measured -->\nafter\n";
  const once = replaceMeasured(page, "new");
  expect(once).toBe(
    "before\n<!-- measured: written by npm run quality -->\n\nnew\n\n<!-- /measured -->\nafter\n",
  );
  expect(replaceMeasured(once, "new")).toBe(once);
  expect(() => replaceMeasured("no marks", "new")).toThrow(RangeError);
});
