import { describe, expect, test } from "vitest";
import { createPlainProduct, createPortableRuntime, createRuntimeProduct } from "./mod.ts";

describe("DenseProduct", () => {
  const shape = { m: 70, k: 90, n: 5 };
  const a = Float32Array.from({ length: 70 * 90 }, (_, i) => Math.cos(i));
  const b = Float32Array.from({ length: 90 * 5 }, (_, i) => Math.sin(i));

  test("gives the same in a runtime and in plain TypeScript, into given memory too", async () => {
    const into = new Float32Array(70 * 5).fill(3);
    const plain = await createPlainProduct().multiply(a, b, { ...shape, into });
    const product = await createRuntimeProduct(createPortableRuntime());
    const other = await product.multiply(a, b, shape);
    expect(plain).toBe(into);
    for (let i = 0; i < plain.length; i++) expect(other[i]).toBeCloseTo(plain[i]!, 4);
    await product.close();
  });

  test("multiplies by the transpose of the second where asked", async () => {
    const transposed = Float32Array.from(
      { length: b.length },
      (_, i) => b[(i % 90) * 5 + Math.floor(i / 90)]!,
    );
    const plain = await createPlainProduct().multiply(a, b, shape);
    const product = await createRuntimeProduct(createPortableRuntime(), { transposeB: true });
    const other = await product.multiply(a, transposed, shape);
    for (let i = 0; i < plain.length; i++) expect(other[i]).toBeCloseTo(plain[i]!, 4);
    await product.close();
  });
});
