import { expect, test } from "vitest";
import { renderStudyHtml } from "./render-study.ts";
import { parseSearchSpace } from "./search-space.ts";
import { settingImportance } from "./setting-importance.ts";
import { planStudy, type Trial } from "./study.ts";

const space = parseSearchSpace({
  kind: "search_space",
  towers: { activation: { kind: "choice", of: ["gelu", "relu"] } },
  training: { learningRate: { kind: "log_uniform", from: 0.001, to: 0.1 } },
});
const base = { towers: {}, training: { epochs: 6 } };
const plan = planStudy({ data: "data", base, space, minEpochs: 2 });

function trial(number: number, settings: object, changes: Partial<Trial> = {}): Trial {
  const all = { towers: plan.base.towers, training: { ...plan.base.training, ...settings } };
  return {
    number,
    settings: all,
    state: "waiting",
    scores: [],
    curve: [],
    seconds: 60,
    memoryBytes: 2 ** 20,
    ...changes,
  };
}

test("importance is all of the variance where a setting decides the score, and none where it does not", () => {
  // Trials 1-9 score .1, .2, .3 by thirds of the rate; gelu and relu take turns.
  const trials = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((number) => {
    const third = Math.floor((number - 1) / 3);
    const each = trial(number, { learningRate: 0.001 * number }, { scores: [0.1 + third / 10] });
    return {
      ...each,
      settings: { ...each.settings, towers: { activation: number % 2 ? "gelu" : "relu" } },
    } as Trial;
  });
  // The base was not drawn, and one without a score says nothing.
  trials.push(trial(0, { learningRate: 0.05 }, { scores: [0.9] }), trial(10, { learningRate: 0.09 }));
  const [first, second] = settingImportance(trials, space);
  expect(first).toMatchObject({ name: "learningRate", points: { length: 9 } });
  expect(first!.share).toBeCloseTo(1, 12);
  // gelu stands 2, 1, 2 times in the thirds, relu 1, 2, 1: both mean .2, hence η² = 0, and corrected it is below 0.
  expect(second).toMatchObject({ name: "activation", share: 0 });
  const few = settingImportance(trials.slice(0, 8), space).find(({ name }) => name === "learningRate");
  expect(few!.share).toBeUndefined();
});

test("importance is corrected for what groups explain by chance", () => {
  // Thirds of the rate have means 1, 2, 3 and within each -1, 0, 1 around: SSB = 3 · (1 + 0 + 1) = 6, SST = 6 + 3 · 2 = 12,
  // η² = 1/2, ε² = 1 − (1/2) · 8 / 6 = 1/3.
  const trials = [0, 1, 2, 1, 2, 3, 2, 3, 4].map((score, i) =>
    trial(i + 1, { learningRate: 0.001 * (i + 1) }, { scores: [score] }),
  );
  const rate = settingImportance(trials, space).find(({ name }) => name === "learningRate");
  expect(rate!.share).toBeCloseTo(1 / 3, 12);
});

test("the page marks the best, escapes what came from outside, and loads nothing", () => {
  const trials = [
    trial(0, { learningRate: 0.01 }, { scores: [0.2], curve: [{ epoch: 2, ndcg: 0.2 }] }),
    trial(1, { learningRate: 0.02 }, { state: "failed", reason: "Cannot <go> on" }),
    trial(
      2,
      { learningRate: 0.03 },
      {
        scores: [0.25, 0.3],
        curve: [
          { epoch: 2, ndcg: 0.25 },
          { epoch: 6, ndcg: 0.3 },
        ],
      },
    ),
  ];
  const html = renderStudyHtml({ name: "first", plan, trials, best: trials[2], complete: false });
  expect(html).toContain('<td class="best">.300</td>');
  expect(html).toContain("Cannot &lt;go&gt; on");
  expect(html).toContain("best: trial 2");
  expect(html).toContain("base: trial 0");
  expect(html).toContain("Not complete");
  expect(html).not.toMatch(/<script|src=|href=|https?:/);
  const empty = renderStudyHtml({ name: "first", plan, trials: [], best: undefined, complete: false });
  expect(empty).toContain("<h1>Study: first</h1>");
});
