import { describe, expect, test } from "vitest";
import { parseModelSettings } from "./model-settings.ts";
import { defaultSearchSpace, parseSearchSpace, type SearchSpace, sampleSettings } from "./search-space.ts";

const base = parseModelSettings({ towers: { preset: "lite", dims: 32 }, training: { epochs: 9 } });
const space = (parts: object): SearchSpace => parseSearchSpace({ kind: "search_space", ...parts });

describe("sampleSettings", () => {
  const sampled = (from: SearchSpace, trial: number) => sampleSettings(from, { seed: 7, trial, base });

  test("[TU2] draws of a setting follow from the seed and the trial's number, whatever else is searched", () => {
    const learningRate = { kind: "log_uniform", from: 1e-4, to: 1e-2 };
    const alone = space({ training: { learningRate } });
    const among = space({
      towers: { idDropout: { kind: "uniform", from: 0, to: 0.5 } },
      training: { averaging: { kind: "choice", of: [0, 0.9] }, learningRate },
    });
    for (const trial of [1, 2, 50]) {
      const { training } = sampled(alone, trial);
      expect(sampled(alone, trial).training).toEqual(training);
      expect(sampled(among, trial).training.learningRate).toBe(training.learningRate);
    }
    expect(sampled(alone, 1)).not.toEqual(sampled(alone, 2));
    expect(sampleSettings(alone, { seed: 8, trial: 1, base })).not.toEqual(sampled(alone, 1));
  });

  test("trial 0 is the base, and others change it where the space says", () => {
    expect(sampled(defaultSearchSpace, 0)).toEqual(base);
    const { towers, training } = sampled(defaultSearchSpace, 1);
    expect(towers).toMatchObject({ preset: "lite", dims: 32 });
    expect(training).toMatchObject({ epochs: 9 });
    expect(Object.keys(towers).length).toBe(2 + Object.keys(defaultSearchSpace.towers).length);
  });

  test("every kind stays within its bounds and fills them evenly, log_uniform by orders of magnitude", () => {
    const wide = space({
      towers: {
        dims: { kind: "whole", from: 8, to: 10 },
        activation: { kind: "choice", of: ["gelu", "tanh"] },
      },
      training: {
        learningRate: { kind: "log_uniform", from: 1e-4, to: 1e-2 },
        weightDecay: { kind: "uniform", from: 1, to: 3 },
      },
    });
    const draws = Array.from({ length: 600 }, (_, t) => sampled(wide, t + 1));
    const share = (is: (of: (typeof draws)[number]) => boolean): number => draws.filter(is).length / 600;
    // Four standard deviations of a share of 600 draws are 0.08 at most.
    for (const dims of [8, 9, 10]) expect(share(({ towers }) => towers.dims === dims)).toBeCloseTo(1 / 3, 1);
    expect(share(({ towers }) => towers.activation === "tanh")).toBeCloseTo(0.5, 1);
    expect(share(({ training }) => training.learningRate! < 1e-3)).toBeCloseTo(0.5, 1);
    expect(share(({ training }) => training.weightDecay! < 2)).toBeCloseTo(0.5, 1);
    const rates = draws.map(({ training }) => training.learningRate!);
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(1e-4);
    expect(Math.max(...rates)).toBeLessThanOrEqual(1e-2);
    expect(new Set(draws.map(({ towers }) => towers.dims))).toEqual(new Set([8, 9, 10]));
  });

  test("every draw of the default space is settings that can be read again", () => {
    expect(space(defaultSearchSpace)).toEqual(defaultSearchSpace);
    for (let trial = 0; trial < 50; trial++) {
      const settings = sampled(defaultSearchSpace, trial);
      expect(parseModelSettings(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
    }
  });
});

test.each([
  [
    "a number out of its setting's range",
    { towers: { idDropout: { kind: "uniform", from: 0, to: 1.5 } } },
    RangeError,
  ],
  ["bounds out of order", { towers: { idDropout: { kind: "uniform", from: 0.5, to: 0.1 } } }, RangeError],
  ["a logarithm of 0", { training: { weightDecay: { kind: "log_uniform", from: 0, to: 1 } } }, RangeError],
  ["nothing to search", {}, RangeError],
  ["an unknown setting", { towers: { idDropuot: { kind: "uniform", from: 0, to: 0.5 } } }, TypeError],
  ["a number where a word is read", { training: { loss: { kind: "choice", of: [1] } } }, TypeError],
  ["an unknown kind", { towers: { idDropout: { kind: "normal", from: 0, to: 0.5 } } }, TypeError],
  ["what all trials must share", { training: { epochs: { kind: "whole", from: 1, to: 9 } } }, TypeError],
])("a space is refused for %s", (_, parts, kind) => {
  expect(() => space(parts)).toThrow(kind);
});

test.each([
  ["an unknown part", { tower: {} }, TypeError],
  ["an unknown setting", { training: { learnignRate: 0.1 } }, TypeError],
  ["text where a number is read", { training: { learningRate: "0.1" } }, TypeError],
  ["a number out of range", { training: { learningRate: 2 } }, RangeError],
])("settings are refused for %s", (_, json, kind) => {
  expect(() => parseModelSettings(json)).toThrow(kind);
});
