import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import { createPlainProduct } from "../onnx/mod.ts";
import { choosePenalty, easeMap, gramMatrix } from "./ease-map.ts";
import { principalDirections } from "./principal-directions.ts";

const product = createPlainProduct();
const random = createRandom(1);

describe("principalDirections()", () => {
  // With G = I and B diagonal (5, 1, 3, 2), BᵀGB is diagonal (25, 1, 9, 4): its leading directions are the axes of 5 and 3.
  test("[LP1] are the axes of the largest variance", async () => {
    const diagonal = (values: readonly number[]): Float32Array =>
      Float32Array.from({ length: 16 }, (_, at) => (at % 5 === 0 ? values[at / 5]! : 0));
    const options = { gram: diagonal([1, 1, 1, 1]), count: 2, product, random, iterations: 30 };
    const found = await principalDirections(diagonal([5, 1, 3, 2]), options);
    const lengths = [0, 1, 2, 3].map((item) => Math.hypot(found[item * 2]!, found[item * 2 + 1]!));
    for (const [item, wanted] of [1, 0, 1, 0].entries()) expect(lengths[item]).toBeCloseTo(wanted, 5);
    // Whoever likes an item more often counts for more: weighed by 100, the axis of 2 (2² · 100) passes both.
    const weighed = { ...options, gram: diagonal([1, 1, 1, 100]), count: 1 };
    const first = await principalDirections(diagonal([5, 1, 3, 2]), weighed);
    expect(Math.abs(first[3]!)).toBeCloseTo(1, 5);
  });

  test("[LP1] all of them together lose nothing, and they stand at right angles", async () => {
    const items = 12;
    const liked = Array.from({ length: 80 }, () =>
      Array.from(Array(items).keys()).filter(() => random.next() < 0.4),
    );
    const likes = {
      offsets: Int32Array.from([0, ...liked.map((_, person) => liked.slice(0, person + 1).flat().length)]),
      items: Int32Array.from(liked.flat()),
    };
    const gram = gramMatrix(likes, items);
    const map = await easeMap(gram, { penalty: 2, product });
    const v = await principalDirections(map, { gram, count: items, product, random, iterations: 3 });
    const turned = Float32Array.from(v, (_, at) => v[(at % items) * items + Math.floor(at / items)]!);
    const identity = await product.multiply(turned, v, { m: items, k: items, n: items });
    for (const [at, value] of identity.entries())
      expect(value).toBeCloseTo(at % (items + 1) === 0 ? 1 : 0, 4);
    const through = await product.multiply(map, v, { m: items, k: items, n: items });
    const back = await product.multiply(through, turned, { m: items, k: items, n: items });
    for (const [at, value] of back.entries()) expect(value).toBeCloseTo(map[at]!, 4);
  });
});

test.each([
  [1, 3],
  [5, 4],
  [9, 4],
])("choosePenalty() climbs to the peak at %i", async (peak, mostly) => {
  const asked: number[] = [];
  const found = await choosePenalty([1, 2, 3, 4, 5, 6, 7, 8, 9], async (penalty) => {
    asked.push(penalty);
    return { penalty, quality: -Math.abs(penalty - peak) };
  });
  expect(found.penalty).toBe(peak);
  expect(asked.length).toBeLessThanOrEqual(mostly + 3);
});
