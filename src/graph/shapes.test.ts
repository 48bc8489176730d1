import { describe, expect, test } from "vitest";
import * as graph from "./mod.ts";

const x = graph.input("x", ["batch", 3]);

describe("shapes with named axes", () => {
  test.each([
    ["add of a vector", graph.add(x, graph.parameter("b", [3])), ["batch", 3]],
    ["add of a column", graph.add(x, graph.input("c", ["batch", 1])), ["batch", 3]],
    [
      "outer difference",
      graph.sub(graph.input("u", ["users", 1]), graph.input("i", [1, "items"])),
      ["users", "items"],
    ],
    ["matMul", graph.matMul(x, graph.input("y", ["items", 3]), { transposeB: true }), ["batch", "items"]],
    [
      "batched matMul",
      graph.matMul(graph.input("q", ["batch", 2, 5, 4]), graph.parameter("k", [4, 6])),
      ["batch", 2, 5, 6],
    ],
    ["reduceSum", graph.reduceSum(x, { axes: [0] }), [3]],
    ["reduceMean kept", graph.reduceMean(x, { axes: [-1], keepDims: true }), ["batch", 1]],
    [
      "gather",
      graph.gather(graph.parameter("t", [9, 4]), graph.input("n", ["batch", 7], "int32")),
      ["batch", 7, 4],
    ],
    ["transpose", graph.transpose(x), [3, "batch"]],
    ["concat", graph.concat([x, x], { axis: 1 }), ["batch", 6]],
    [
      "concat of named axes",
      graph.concat([x, graph.input("z", ["more", 3])], { axis: 0 }),
      ["batch+more", 3],
    ],
    ["slice", graph.slice(x, { axis: -1, start: 1 }), ["batch", 2]],
    ["reshape", graph.reshape(graph.input("h", ["batch", 6]), ["batch", 2, 3]), ["batch", 2, 3]],
    ["logSumExp", graph.logSumExp(x, { axis: 1 }), ["batch"]],
    [
      "layerNorm",
      graph.layerNorm(x, { scale: graph.parameter("s", [3]), bias: graph.parameter("b", [3]) }),
      ["batch", 3],
    ],
    ["sizeAlong, known", graph.sizeAlong(x, [1]), []],
  ] as const)("%s", (_name, value, shape) => {
    expect(value.shape).toEqual(shape);
  });

  test("bool comes of comparing, and int32 stays int32", () => {
    const n = graph.input("n", [2], "int32");
    expect(graph.equal(n, n).dtype).toBe("bool");
    expect(graph.add(n, n).dtype).toBe("int32");
  });
});

describe("shapes that do not fit are refused where they are made", () => {
  const square = graph.input("square", [2, 2]);
  test.each([
    ["broadcast", () => graph.add(x, square)],
    ["two names", () => graph.add(x, graph.input("y", ["other", 3]))],
    ["matMul", () => graph.matMul(x, square)],
    ["matMul of vectors", () => graph.matMul(graph.input("v", [3]), x)],
    ["reshape", () => graph.reshape(square, [3])],
    ["reshape that loses a name", () => graph.reshape(x, [6])],
    ["axis", () => graph.reduceSum(x, { axes: [2] })],
    ["concat", () => graph.concat([x, square], { axis: 0 })],
    ["concat of nothing", () => graph.concat([], { axis: 0 })],
    ["slice of a named axis", () => graph.slice(x, { axis: 0 })],
    ["slice outside", () => graph.slice(square, { axis: 0, start: 1, end: 3 })],
    ["permutation", () => graph.transpose(x, [0, 0])],
    ["float indices", () => graph.gather(square, square)],
    ["mixed types", () => graph.add(x, graph.input("n", ["batch", 3], "int32"))],
    ["function of ints", () => graph.tanh(graph.input("n", [2], "int32"))],
    ["condition", () => graph.where(x, x, x)],
    [
      "scale",
      () => graph.layerNorm(x, { scale: graph.parameter("s", [2]), bias: graph.parameter("b", [3]) }),
    ],
    ["constant", () => graph.constant([1, 2, 3], [2])],
    [
      "scatterAdd",
      () => graph.scatterAdd(square, { indices: graph.input("n", [3], "int32"), updates: square }),
    ],
    ["broadcastLike", () => graph.broadcastLike(square, graph.input("v", [2]))],
  ])("%s", (_name, make) => {
    expect(make).toThrow(RangeError);
  });

  test("values are frozen", () => {
    expect(Object.isFrozen(x) && Object.isFrozen(x.shape) && Object.isFrozen(x.inputs)).toBe(true);
  });

  test("a chain of 20,000 operations neither overflows the stack nor repeats itself", () => {
    let y: graph.Value = graph.parameter("w", []);
    for (let i = 0; i < 20_000; i++) y = graph.add(y, 1);
    expect(graph.topologicalOrder([y, y]).filter((value) => value.kind === "add")).toHaveLength(20_000);
    expect(graph.gradients(y, [graph.topologicalOrder([y])[0]!])).toHaveLength(1);
  });
});
