import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import { buildDataset, type CatalogueEvent } from "../catalogue/mod.ts";
import { learningRate } from "./learning-rate.ts";
import { multiHot } from "./multi-hot.ts";
import { readPreferences } from "./positives.ts";
import { resolveTrainingConfig, type TrainingOptions, trainingDefaults } from "./training-config.ts";
import { validationNdcg } from "./validation-ndcg.ts";
import { holdOut } from "./validation-set.ts";

const item = (id: string) => ({ id, title: id, fields: {} });
const event = (
  personId: string,
  itemId: string,
  kind: CatalogueEvent["kind"],
  at: number,
  watched?: number,
) => ({
  personId,
  itemId,
  kind,
  at,
  ...(watched === undefined ? {} : { watchFraction: watched }),
});

describe("resolveTrainingConfig", () => {
  test("refuses what is out of range and says how to mend it", () => {
    expect(() => resolveTrainingConfig({ batchUsers: 0 })).toThrow(
      "batchUsers must be a whole number from 1",
    );
    expect(() => resolveTrainingConfig({ learningRate: Number.NaN })).toThrow(RangeError);
    expect(() => resolveTrainingConfig({ beta2: 1 })).toThrow(RangeError);
    expect(() => resolveTrainingConfig({ schedule: "never" as "cosine" })).toThrow(RangeError);
    expect(resolveTrainingConfig({ epochs: 3 }).epochs).toBe(3);
  });

  test("reads configurations from before there were weights of age, drops and heads, with those off", () => {
    const old = {
      kind: "training_config",
      seed: 42,
      batchUsers: 256,
      viewWeight: 0.5,
      viewThreshold: 0.5,
    } as const;
    expect(resolveTrainingConfig(old)).toMatchObject({
      viewCounts: "flat",
      targetHalfLifeDays: null,
      idDropoutStart: null,
      featureDropout: {},
      likeHeadWeight: 0,
      watchHeadWeight: 0,
      nopeHeadWeight: 0,
    });
  });

  test("refuses shares and weights that are none", () => {
    for (const wrong of [
      { featureDropout: { "item.maker": 1 } },
      { idDropoutStart: 1 },
      { targetHalfLifeDays: 0 },
      { accidentalWeight: 2 },
      { burstLikes: 2.5 },
      { likeHeadWeight: -1 },
      { viewCounts: "often" as "flat" },
    ]) {
      expect(() => resolveTrainingConfig(wrong), JSON.stringify(wrong)).toThrow(RangeError);
    }
  });
});

describe("learningRate", () => {
  const at = (schedule: "constant" | "cosine" | "plateau", step: number, halvings = 0): number =>
    learningRate(resolveTrainingConfig({ schedule, learningRate: 0.01, warmupSteps: 9 }), {
      step,
      totalSteps: 109,
      halvings,
    });

  test("rises linearly, then stays, falls as a cosine, or halves at plateaus", () => {
    expect(at("constant", 0)).toBeCloseTo(0.001, 9);
    expect(at("constant", 4)).toBeCloseTo(0.005, 9);
    expect(at("constant", 100)).toBeCloseTo(0.01, 9);
    expect(at("cosine", 59)).toBeCloseTo(0.005, 9);
    expect(at("cosine", 108)).toBeGreaterThan(0);
    expect(at("plateau", 50, 2)).toBeCloseTo(0.0025, 9);
  });
});

describe("readPreferences", () => {
  test("takes the latest of like and nope, weighs views by what was watched, and never a refused item", () => {
    const { dataset } = buildDataset({
      items: ["a", "b", "c", "d", "e"].map(item),
      people: [{ id: "p", fields: {} }],
      events: [
        event("p", "a", "like", 1),
        event("p", "a", "nope", 2),
        event("p", "b", "nope", 1),
        event("p", "b", "like", 2),
        event("p", "c", "view", 1, 0.9),
        event("p", "d", "view", 1, 0.2),
        event("p", "d", "view", 2),
        event("p", "e", "view", 1, 0.9),
        event("p", "e", "like", 2),
      ],
    });
    const { positives, refused } = readPreferences(dataset, {
      ...trainingDefaults,
      likeWeight: 1,
      viewWeight: 0.5,
      viewThreshold: 0.5,
    });
    expect([...positives.indices]).toEqual([1, 2, 4]);
    expect([...positives.weights]).toEqual([1, 0.5, 1]);
    expect([...refused.indices]).toEqual([0]);
  });
});

describe("readPreferences, weights", () => {
  const weigh = (events: readonly CatalogueEvent[], options: TrainingOptions) => {
    const { dataset } = buildDataset({
      items: ["a", "b", "c"].map(item),
      people: [{ id: "p", fields: {} }],
      events,
    });
    const { positives } = readPreferences(dataset, resolveTrainingConfig(options));
    return Object.fromEntries(
      [...positives.indices].map((i, at) => [dataset.items[i]!.id, positives.weights[at]!]),
    );
  };

  test("a view counts in proportion to what was watched above the threshold", () => {
    const events = [
      event("p", "a", "view", 1, 1),
      event("p", "b", "view", 1, 0.625),
      event("p", "c", "view", 1, 0.25),
    ];
    // 0.8 · (f - 0.25) / (1 - 0.25): all of it for 1, half of it for 0.625, and nothing at the threshold itself.
    const weights = weigh(events, { viewCounts: "watched", viewWeight: 0.8, viewThreshold: 0.25 });
    expect(Object.keys(weights)).toEqual(["a", "b"]);
    expect(weights["a"]).toBeCloseTo(0.8, 6);
    expect(weights["b"]).toBeCloseTo(0.4, 6);
    expect(weigh(events, { viewCounts: "watched", viewWeight: 0.8, viewThreshold: 1 })["a"]).toBeCloseTo(
      0.8,
      6,
    );
  });

  test("a positive half a life older counts half as much, and the oldest a millionth at least", () => {
    const day = 86_400_000;
    const events = [
      event("p", "a", "like", 400 * day),
      event("p", "b", "like", 370 * day),
      event("p", "c", "like", 0),
    ];
    const weights = weigh(events, { targetHalfLifeDays: 15, likeWeight: 2 });
    // 30 days are two half-lives: 2 · 2^-2 = 0.5; 400 days are 27, which is less than a millionth.
    expect(weights["a"]).toBeCloseTo(2, 6);
    expect(weights["b"]).toBeCloseTo(0.5, 6);
    expect(weights["c"]).toBeCloseTo(2e-6, 9);
  });
});

describe("multiHot", () => {
  test("writes chosen rows and adds what is named twice", () => {
    const bag = {
      offsets: Int32Array.of(0, 2, 3, 5),
      indices: Int32Array.of(0, 2, 1, 2, 2),
      weights: Float32Array.of(1, 2, 3, 4, 5),
    };
    const into = new Float32Array(8).fill(9);
    expect([...multiHot(bag, { rows: Int32Array.of(2, 0), columns: 3, into })]).toEqual([0, 0, 9, 1, 0, 2]);
    const position = Int32Array.of(1, 0, -1);
    expect([...multiHot(bag, { rows: Int32Array.of(1), columns: 2, position })]).toEqual([3, 0]);
  });
});

describe("validationNdcg", () => {
  test("ranks what was not given, ties in the order of the items", () => {
    const histories = { offsets: Int32Array.of(0, 1, 1), item: Int32Array.of(0) };
    const set = {
      given: { ...histories } as never,
      targets: {
        offsets: Int32Array.of(0, 2, 3),
        indices: Int32Array.of(2, 3, 0),
        weights: new Float32Array(3),
      },
    };
    const scores = Float32Array.of(9, 3, 2, 1, 5, 5, 5, 5);
    const { sum, viewers } = validationNdcg(scores, { set, items: 4, k: 10 });
    // First: 1, 2, 3 remain, targets at ranks 2 and 3. Second: all equal, the target comes first.
    const first = (1 / Math.log2(3) + 1 / 2) / (1 + 1 / Math.log2(3));
    expect(sum).toBeCloseTo(first + 1, 9);
    expect(viewers).toBe(2);
  });
});

describe("holdOut", () => {
  const dataset = (people: number) =>
    buildDataset({
      items: Array.from({ length: 10 }, (_, i) => item(`i${i}`)),
      people: Array.from({ length: people }, (_, p) => ({ id: `p${p}`, fields: {} })),
      events: Array.from({ length: people * 10 }, (_, e) =>
        event(`p${Math.floor(e / 10)}`, `i${e % 10}`, "like", e),
      ),
    }).dataset;

  test("sets whole viewers aside where there are enough", () => {
    const { train, validation } = holdOut(dataset(600), { share: 0.1, random: createRandom(1) });
    expect(train.events.item).toHaveLength(540 * 10);
    expect(validation!.given.item).toHaveLength(60 * 8);
    expect(validation!.targets.indices).toHaveLength(60 * 2);
  });

  test("hides only the latest like where viewers are few", () => {
    const { train, validation } = holdOut(dataset(20), { share: 0.5, random: createRandom(1) });
    expect(train.events.item).toHaveLength(190);
    expect([...validation!.targets.indices]).toEqual(Array(10).fill(9));
  });
});
