import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import { bootstrapMeans, percentileInterval } from "./bootstrap.ts";

describe("bootstrap intervals", () => {
  test("a mean of standard normal draws has an interval of ±1.96 / √n", () => {
    const random = createRandom(1);
    const viewers = 900;
    const values = Float64Array.from({ length: viewers }, () => random.normal());
    const mean = values.reduce((sum, value) => sum + value, 0) / viewers;
    const means = bootstrapMeans(values, { columns: 1, resamples: 1000, random });
    const { low, high } = percentileInterval(mean, means);
    expect(mean - low).toBeGreaterThan(0.9 * (1.96 / 30));
    expect(mean - low).toBeLessThan(1.1 * (1.96 / 30));
    expect(high - mean).toBeGreaterThan(0.9 * (1.96 / 30));
    expect(high - mean).toBeLessThan(1.1 * (1.96 / 30));
  });

  test("[EV8] columns are resampled with the same viewers, so that a constant difference has no width", () => {
    const random = createRandom(2);
    const values = new Float64Array(200);
    for (let viewer = 0; viewer < 100; viewer++) {
      values[2 * viewer] = random.next();
      values[2 * viewer + 1] = values[2 * viewer]! + 0.25;
    }
    const means = bootstrapMeans(values, { columns: 2, resamples: 50, random });
    for (let r = 0; r < 50; r++) expect(means[2 * r + 1]! - means[2 * r]!).toBeCloseTo(0.25, 10);
  });

  test("percentileInterval() interpolates between the two nearest", () => {
    // 41 values 0 … 40: 2.5 % of 40 is 1, 97.5 % is 39.
    const resampled = Float64Array.from({ length: 41 }, (_, i) => 40 - i);
    expect(percentileInterval(20, resampled)).toEqual({ mean: 20, low: 1, high: 39 });
    expect(percentileInterval(0.5, Float64Array.of(0, 1))).toEqual({ mean: 0.5, low: 0.025, high: 0.975 });
  });
});
