import { input, matMul } from "../graph/mod.ts";
import { emitOnnx } from "./emit.ts";
import type { Runtime } from "./runtime.ts";

/** Rows of a, their length (rows of b), and columns of b. */
export interface ProductShape {
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

/** Multiplies dense row-major matrices: what scores are, and the one heavy operation of EASE and iALS. */
export interface DenseProduct {
  /**
   * a · b.
   *
   * @param a m × k.
   * @param b k × n; n × k where the product was made with `transposeB`.
   * @param options The shape; `into` is written where given (m × n), else memory is taken.
   * @returns m × n.
   */
  multiply(
    a: Float32Array,
    b: Float32Array,
    options: ProductShape & { readonly into?: Float32Array },
  ): Promise<Float32Array>;
  /** Frees what it holds. */
  close(): Promise<void>;
}

/**
 * Products in a runtime: at the speed of its matrix kernels.
 *
 * @param runtime Runs a graph of one MatMul.
 * @param options `transposeB` multiplies by the transpose of b, which is then n × k.
 * @returns The product; close it after use.
 */
export async function createRuntimeProduct(
  runtime: Runtime,
  options: { readonly transposeB?: boolean } = {},
): Promise<DenseProduct> {
  const { transposeB = false } = options;
  const product = matMul(input("a", ["m", "k"]), input("b", transposeB ? ["n", "k"] : ["k", "n"]), {
    transposeB,
  });
  const model = emitOnnx({
    name: "matrix-product",
    inputs: [product.inputs[0]!, product.inputs[1]!],
    outputs: { product },
  });
  const session = await runtime.load(model, { name: "matrix-product" });
  return {
    multiply: async (a, b, { m, k, n, into = new Float32Array(m * n) }) => {
      const outputs = await session.run(
        {
          a: { dtype: "float32", shape: [m, k], data: a },
          b: { dtype: "float32", shape: transposeB ? [n, k] : [k, n], data: b },
        },
        { product: { dtype: "float32", shape: [m, n], data: into } },
      );
      return outputs["product"]!.data as Float32Array;
    },
    close: () => session.close(),
  };
}

/** Rows of b that stay in the processor's cache while rows of a pass by. */
const block = 64;

/**
 * Products in plain TypeScript, at about one thousand million multiplications a second: for small data, and where
 * there is no runtime.
 *
 * @returns The product; it holds nothing.
 */
export function createPlainProduct(): DenseProduct {
  return {
    multiply: async (a, b, { m, k, n, into = new Float32Array(m * n) }) => {
      into.fill(0);
      for (let from = 0; from < k; from += block) {
        const to = Math.min(k, from + block);
        for (let row = 0; row < m; row++) {
          const out = into.subarray(row * n, (row + 1) * n);
          for (let p = from; p < to; p++) {
            const factor = a[row * k + p]!;
            if (factor === 0) continue;
            const start = p * n;
            for (let column = 0; column < n; column++) out[column]! += factor * b[start + column]!;
          }
        }
      }
      return into;
    },
    close: async () => {},
  };
}
