import { describe, expect, test } from "vitest";
import * as graph from "../graph/mod.ts";
import { emissionRules } from "./emission-rules.ts";
import { buildOnnx, emitOnnx } from "./mod.ts";

const x = graph.input("x", ["batch", 3]);
const w = graph.parameter("w", [3, 2]);
const b = graph.parameter("b", [2]);
const kinds = (outputs: Record<string, graph.Value>, inputs: graph.Value[] = [x]): string[] =>
  buildOnnx({ name: "test", inputs, outputs }).nodes.map((node) => node.opType);

describe("buildOnnx()", () => {
  test("has a rule for every operation that is no input", () => {
    const all = Object.keys(graph.gradientRules).filter((kind) => kind !== "input" && kind !== "parameter");
    expect(Object.keys(emissionRules).sort()).toEqual(all.sort());
  });

  test("takes a bias and transposes into one Gemm", () => {
    expect(kinds({ y: graph.add(graph.matMul(x, w), b) })).toEqual(["Gemm"]);
    const column = graph.parameter("column", [2, 1]);
    const product = graph.matMul(w, x, { transposeA: true, transposeB: true });
    expect(kinds({ y: graph.add(column, product) })).toEqual(["Gemm"]);
  });

  test("keeps a product that others read out of the Gemm", () => {
    const product = graph.matMul(x, w);
    expect(kinds({ y: graph.add(product, b), product })).toEqual(["Gemm", "Add"]);
  });

  test("writes equal operations and equal small constants once", () => {
    const y = graph.add(graph.mul(graph.tanh(x), 2), graph.mul(graph.tanh(x), 2));
    const model = buildOnnx({ name: "test", inputs: [x], outputs: { y } });
    expect(model.nodes.map((node) => node.opType)).toEqual(["Tanh", "Mul", "Add"]);
    expect(Object.keys(model.initializers)).toHaveLength(1);
  });

  test("leaves out what no output needs", () => {
    graph.exp(x);
    expect(kinds({ y: graph.neg(x) })).toEqual(["Neg"]);
  });

  test("makes parameters with numbers initializers and the others inputs, after the inputs", () => {
    const y = graph.add(graph.matMul(x, w), b);
    const model = buildOnnx({
      name: "test",
      inputs: [x],
      outputs: { y },
      parameters: { b: Float32Array.of(1, 2) },
    });
    expect(model.inputs.map(({ name }) => name)).toEqual(["x", "w"]);
    expect(model.initializers["b"]).toMatchObject({ shape: [2], dtype: "float32" });
    expect(model.outputs).toEqual([{ name: "y", dtype: "float32", shape: ["batch", 2] }]);
  });

  test("declares inputs that nothing reads", () => {
    const unread = graph.input("unread", []);
    const model = buildOnnx({ name: "test", inputs: [unread, x], outputs: { y: graph.neg(x) } });
    expect(model.inputs.map(({ name }) => name)).toEqual(["unread", "x"]);
  });

  test("gives equal bytes for equal graphs", () => {
    const emit = (): Uint8Array =>
      emitOnnx({ name: "test", inputs: [x], outputs: { y: graph.softmax(x, { axis: 1 }) } });
    expect(emit()).toEqual(emit());
  });

  test("reshapes named axes in place, and one that moves", () => {
    const shapes = (y: graph.Value): unknown =>
      Object.values(buildOnnx({ name: "test", inputs: [x], outputs: { y } }).initializers).map(({ data }) => [
        ...data,
      ]);
    expect(shapes(graph.reshape(x, ["batch", 1, 3]))).toEqual([[0, 1, 3]]);
    expect(shapes(graph.reshape(x, [3, "batch"]))).toEqual([[3, -1]]);
  });

  test("refuses unlisted inputs, names used twice and numbers that do not fit", () => {
    const y = graph.matMul(x, w);
    expect(() => kinds({ y }, [])).toThrow(/"x" is not/);
    expect(() => kinds({ y: graph.add(x, graph.parameter("x", [3])) })).toThrow(/"x" is used twice/);
    expect(() => kinds({ x: graph.neg(x) })).toThrow(/an input and an output/);
    expect(() =>
      emitOnnx({ name: "test", inputs: [x], outputs: { y }, parameters: { w: new Float32Array(5) } }),
    ).toThrow(/"w"/);
  });
});
