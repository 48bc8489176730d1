import { describe, expect, test } from "vitest";
import { createPlainProduct } from "../onnx/mod.ts";
import { invertInPlace } from "./invert.ts";

const product = createPlainProduct();

describe("invertInPlace()", () => {
  test.each([1, 7, 16, 33])("inverts %d rows, in blocks of 8", async (n) => {
    const wide = Float32Array.from({ length: n * n }, (_, i) => Math.sin(i * i + 1));
    const across = Float32Array.from({ length: n * n }, (_, i) => wide[(i % n) * n + Math.floor(i / n)]!);
    const spd = await product.multiply(wide, across, { m: n, k: n, n });
    for (let i = 0; i < n; i++) spd[i * n + i]! += 1;
    const inverse = spd.slice();
    await invertInPlace(inverse, n, { product, block: 8 });
    const identity = await product.multiply(inverse, spd, { m: n, k: n, n });
    for (let i = 0; i < n * n; i++) {
      expect(Math.abs(identity[i]! - (Math.floor(i / n) === i % n ? 1 : 0))).toBeLessThan(2e-4);
    }
  });

  test("refuses a matrix that is not positive definite", async () => {
    await expect(invertInPlace(Float32Array.of(1, 2, 2, 1), 2, { product })).rejects.toThrow(RangeError);
  });
});
