import { type GradientTable, sumTo } from "./gradient-table.ts";
import { gather, pad, reshape, reshapeLike, scatterAdd, slice, transpose } from "./indexing.ts";
import { matMul } from "./matrix.ts";
import { shapeText } from "./shape.ts";
import type { Node, Value } from "./value.ts";

/** The pieces of a concatenation's gradient. */
function pieces({ inputs, axis }: Node<"concat">, g: Value): readonly Value[] {
  let start = 0;
  return inputs.map((part) => {
    const length = part.shape[axis]!;
    if (typeof length !== "number") {
      throw new RangeError(
        `Cannot differentiate a concatenation as axis ${axis} must have known lengths: current value is ${shapeText(part.shape)}`,
      );
    }
    start += length;
    return slice(g, { axis, start: start - length, end: start });
  });
}

/** A gradient in the shape that a reshaped value had: of two unknown lengths that moved only the value itself can tell. */
function reshapeBack(g: Value, x: Value): Value {
  const moved = x.shape.filter((dim, axis) => typeof dim === "string" && g.shape[axis] !== dim).length;
  return moved > 1 ? reshapeLike(g, x) : reshape(g, x.shape);
}

/** Gradients of products, shapes and indices; g is the gradient by the result y. */
export const matrixGradients = {
  // y = A B:  dA = g Bᵀ,  dB = Aᵀ g, with the transposes folded into the products.
  matMul: ({ inputs, transposeA, transposeB }, g) => {
    const [a, b] = inputs as [Value, Value];
    const byA = transposeA
      ? matMul(b, g, { transposeA: transposeB, transposeB: true })
      : matMul(g, b, { transposeB: !transposeB });
    const byB = transposeB
      ? matMul(g, a, { transposeA: true, transposeB: transposeA })
      : matMul(a, g, { transposeA: !transposeA });
    return [sumTo(byA, a.shape), sumTo(byB, b.shape)];
  },
  reshape: ({ inputs: [x] }, g) => [reshapeBack(g, x!)],
  reshapeLike: ({ inputs: [x] }, g) => [reshapeBack(g, x!), undefined],
  transpose: ({ permutation }, g) => [
    transpose(
      g,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  ],
  concat: pieces,
  slice: ({ inputs: [x], axis, start, end }, g) => [
    // A slice has a known axis: its shape rule says so.
    pad(g, { axis, before: start, after: (x!.shape[axis] as number) - end }),
  ],
  pad: (y, g) => [slice(g, { axis: y.axis, start: y.before, end: (y.shape[y.axis] as number) - y.after })],
  gather: ({ inputs: [table, indices] }, g) => [
    scatterAdd(table!, { indices: indices!, updates: g }),
    undefined,
  ],
  scatterAdd: ({ inputs: [, indices] }, g) => [undefined, undefined, gather(g, indices!)],
  broadcastLike: ({ inputs: [x] }, g) => [sumTo(g, x!.shape), undefined],
  size: () => [],
} satisfies Partial<GradientTable>;
