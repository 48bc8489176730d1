import { expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import { chanceScorer } from "./baselines/chance.ts";
import { interactionsOf } from "./baselines/interactions.ts";
import { fitPopularity } from "./baselines/popularity.ts";
import { type DetailedEvaluation, evaluateInDetail } from "./evaluate.ts";
import { poolEvaluations } from "./pool-evaluations.ts";
import { renderPooledTable } from "./report/table.ts";
import { splitBy } from "./split-by.ts";
import { checkerboard } from "./test-data.conformance.ts";
import { compareModels, type ViewerFigures } from "./viewer-figures.ts";

const dataset = checkerboard({ people: 60, items: 30, share: 0.8 });

function evaluated(seed: number): Promise<DetailedEvaluation> {
  const split = splitBy(dataset, "strong", { seed });
  const popularity = fitPopularity(interactionsOf(split.train));
  return evaluateInDetail(split, [chanceScorer(30, { seed })], { baselines: [popularity], resamples: 50 });
}

test("[EV14] pooled figures are means over the viewers of all seeds, and a person is drawn as one", async () => {
  const parts = [await evaluated(1), await evaluated(2)];
  const pooled = poolEvaluations(parts, { resamples: 100 });
  const metric = (part: DetailedEvaluation) => part.report.models[0]!.metrics;
  expect(pooled.seeds).toEqual([1, 2]);
  expect(pooled.testUsers).toBe(12);
  for (const name of ["ndcg@10", "mrr", "coverage@10"]) {
    const mean = (metric(parts[0]!)[name]! + metric(parts[1]!)[name]!) / 2;
    expect(pooled.models[0]!.metrics[name], name).toBeCloseTo(mean, 12);
  }
  expect(pooled.differences.map(({ baseline }) => baseline)).toEqual(["popularity"]);
  expect(pooled.models[0]!.ci95["coverage@10"]).toBeUndefined();
  expect(renderPooledTable(pooled, parts[0]!.report.ks).at(-1)).toContain("random against popularity");
  expect(() => poolEvaluations([])).toThrow(RangeError);
});

test("the same people looked at three times give the interval of one look, not one √3 narrower", () => {
  const random = createRandom(5);
  const viewers = 200;
  const figures: ViewerFigures = {
    models: [{ name: "model", role: "model" }],
    metrics: ["ndcg@10"],
    people: Int32Array.from({ length: viewers }, (_, v) => v),
    values: Float64Array.from({ length: viewers }, () => random.next()),
  };
  const options = () => ({ resamples: 400, random: createRandom(9) });
  const once = compareModels([figures], options()).estimates[0]!["ndcg@10"]!;
  const thrice = compareModels([figures, figures, figures], options()).estimates[0]!["ndcg@10"]!;
  expect(thrice.mean).toBeCloseTo(once.mean, 12);
  expect(thrice.low).toBeCloseTo(once.low, 12);
  expect(thrice.high).toBeCloseTo(once.high, 12);
  // As other people they would be √3 narrower.
  const others = [0, 1, 2].map((part) => ({
    ...figures,
    people: figures.people.map((p) => p + 1000 * part),
  }));
  const apart = compareModels(others, options()).estimates[0]!["ndcg@10"]!;
  expect((once.high - once.low) / (apart.high - apart.low)).toBeGreaterThan(1.4);
});
