import { describe, expect, test } from "vitest";
import { createRandom } from "../../base/mod.ts";
import { halfBits, halfValue, halfvecText } from "./halfvec-text.ts";

describe("halfBits()", () => {
  test("is the inverse of halfValue() on every half that is a number", () => {
    for (let half = 0; half < 0x10000; half++) {
      const value = halfValue(half);
      if (!Number.isNaN(value)) expect(halfBits(value)).toBe(half);
    }
  });

  test("rounds to the nearest half, and halfway to the even one", () => {
    const random = createRandom(1);
    for (let i = 0; i < 5000; i++) {
      const value = Math.fround(random.normal() * 10 ** (random.integer(12) - 8));
      const half = halfBits(value);
      const error = Math.abs(halfValue(half) - value);
      for (const next of [half - 1, half + 1]) {
        if ((next & 0x7fff) <= 0x7c00 && (next & 0x8000) === (half & 0x8000)) {
          expect(error).toBeLessThanOrEqual(Math.abs(halfValue(next) - value));
        }
      }
    }
    // 1 + 2^-11 lies halfway between 1 (even) and 1 + 2^-10; 1 + 3 * 2^-11 between that and 1 + 2^-9 (even).
    expect(halfValue(halfBits(1 + 2 ** -11))).toBe(1);
    expect(halfValue(halfBits(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
    expect(halfValue(halfBits(70_000))).toBe(Number.POSITIVE_INFINITY);
    expect(Number.isNaN(halfValue(halfBits(Number.NaN)))).toBe(true);
  });

  test("texts of rows name exactly the halves", () => {
    const random = createRandom(2);
    const vectors = Float32Array.from({ length: 60 }, () => random.normal() * 10 ** -random.integer(8));
    const rows = halfvecText(vectors, { dims: 20, start: 1 }).split(";");
    expect(rows).toHaveLength(2);
    const parsed = rows.flatMap((text) => JSON.parse(text) as number[]);
    expect(parsed.map(halfBits)).toEqual([...vectors.subarray(20)].map((x) => halfBits(x)));
    expect(halfvecText(new Float32Array(0), { dims: 20 })).toBe("");
    for (const value of [Number.NaN, Number.NEGATIVE_INFINITY, 70_000]) {
      expect(() => halfvecText(Float32Array.of(0, value), { dims: 2 })).toThrow(RangeError);
    }
    // The longest there are fit.
    const all = Float32Array.from({ length: 0x7c00 }, (_, half) => -halfValue(half));
    const text = halfvecText(all, { dims: all.length });
    expect((JSON.parse(text) as number[]).every((x, half) => (halfBits(x) & 0x7fff) === half)).toBe(true);
  });
});
