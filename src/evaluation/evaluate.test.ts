import { describe, expect, test } from "vitest";
import { interactionsOf } from "./baselines/interactions.ts";
import { fitPopularity } from "./baselines/popularity.ts";
import { evaluate } from "./evaluate.ts";
import { renderReportHtml } from "./report/html.ts";
import { renderReportTable } from "./report/table.ts";
import type { Scorer } from "./scorer.ts";
import { splitBy } from "./split-by.ts";
import { checkerboard } from "./test-data.conformance.ts";

const split = splitBy(checkerboard({ people: 80, items: 40, share: 0.6 }), "strong");
const popularity = fitPopularity(interactionsOf(split.train));

/** Knows the answer: items of the half that the viewer's first given item is from. */
const oracle: Scorer = {
  name: `<b>oracle</b> & "co"`,
  score: async (histories) => {
    const users = histories.offsets.length - 1;
    return Float32Array.from({ length: users * 40 }, (_, cell) => {
      const first = histories.item[histories.offsets[Math.floor(cell / 40)]!]!;
      return (cell % 40) % 2 === first % 2 ? 1 : 0;
    });
  },
};

describe("evaluate()", () => {
  test("ranks, measures, compares, and does so again to the last digit", async () => {
    const options = { baselines: [popularity], resamples: 200, batchUsers: 3 };
    const report = await evaluate(split, [oracle], options);
    const again = await evaluate(split, [oracle], { ...options, batchUsers: 100 });
    const bare = (one: typeof report) => one.models.map(({ scoreSeconds, ...rest }) => rest);
    expect(bare(again)).toEqual(bare(report));
    expect(report.models.map(({ name, role }) => [name, role])).toEqual([
      [oracle.name, "model"],
      ["popularity", "baseline"],
    ]);
    const [model, baseline] = report.models;
    for (const { metrics, ci95 } of report.models) {
      for (const [name, [low, high]] of Object.entries(ci95)) {
        expect(low, name).toBeLessThanOrEqual(metrics[name]! + 1e-12);
        expect(high, name).toBeGreaterThanOrEqual(metrics[name]! - 1e-12);
      }
    }
    // The half that is liked holds 20 items of which about 10 are given: the held 2 or 3 are within the first 20.
    expect(model!.metrics["recall@20"]).toBe(1);
    // Items alternate between two genres and the oracle shows one half alone while it lasts.
    expect(model!.metrics["diversity@10"]!).toBeLessThan(baseline!.metrics["diversity@10"]!);
    const [difference] = report.differences;
    expect(difference!.metrics["ndcg@10"]!.low).toBeGreaterThan(0);
    expect(difference!.metrics["ndcg@10"]!.mean).toBeCloseTo(
      model!.metrics["ndcg@10"]! - baseline!.metrics["ndcg@10"]!,
      12,
    );
    expect(
      report.segments.filter(({ by }) => by === "history").reduce((sum, { held }) => sum + held, 0),
    ).toBe(split.test.held.items.length);
    expect(
      report.segments.filter(({ by }) => by === "popularity").reduce((sum, { held }) => sum + held, 0),
    ).toBe(split.test.held.items.length);
  });

  test("refuses a scorer that gives too few scores", async () => {
    const short: Scorer = { name: "short", score: async () => new Float32Array(3) };
    await expect(evaluate(split, [short])).rejects.toThrow(RangeError);
  });

  test("stops when it is cancelled", async () => {
    await expect(evaluate(split, [popularity], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "cancelled",
    });
  });
});

describe("reports", () => {
  const curves = [{ name: `Loss </svg><script>`, x: [1, 2, 3], y: [3, 2, Number.NaN] }];

  test("[EV9] the page escapes every name and loads nothing", async () => {
    const report = await evaluate(split, [oracle], { baselines: [popularity], resamples: 20, curves });
    const page = renderReportHtml(report);
    expect(page).not.toContain("<b>oracle");
    expect(page).not.toContain("<script");
    expect(page).toContain("&lt;b&gt;oracle&lt;/b&gt; &amp; &quot;co&quot;");
    expect(page).not.toMatch(/(?:src|href)=|url\(|@import|https?:/);
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    expect(page).toContain(split.hash);
  });

  test("the table marks the best of each column and says what is compared", async () => {
    const report = await evaluate(split, [oracle], { baselines: [popularity], resamples: 20 });
    const lines = renderReportTable(report);
    const row = lines.find((line) => line.startsWith(oracle.name));
    expect(row).toMatch(/^\S+ & "co"\s+(1)?\.\d{3}\*/);
    expect(lines.at(-1)).toContain("against popularity");
    expect(lines[0]).toContain(split.hash.slice(0, 12));
  });

  test("a report without model, curves or baselines is still a page", async () => {
    const report = await evaluate(split, [], { baselines: [popularity], resamples: 20 });
    expect(renderReportHtml(report)).toContain("popularity");
    expect(renderReportTable(report).length).toBeGreaterThan(3);
  });
});
