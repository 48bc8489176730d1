import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isFutagoError } from "../base/mod.ts";
import { encodeOnnx, type OnnxModel, parseOnnx } from "./mod.ts";
import type { OnnxTensor } from "./model.ts";
import { ProtoWriter, readFields, readVarint } from "./protobuf.ts";

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

const tiny: OnnxModel = {
  name: "tiny",
  irVersion: 8,
  opsets: { "": 18 },
  inputs: [{ name: "x", dtype: "float32", shape: ["batch", 2] }],
  outputs: [{ name: "z", dtype: "float32", shape: [1, 300] }],
  initializers: {
    w: { dtype: "float32", shape: [1, 2], data: Float32Array.of(1, -2) },
    b: { dtype: "int64", shape: [1], data: Float64Array.of(-1) },
  },
  nodes: [
    {
      name: "Gemm0",
      opType: "Gemm",
      domain: "",
      inputs: ["x", "w", "b"],
      outputs: ["y"],
      attributes: { alpha: { kind: "float", value: 0.5 }, transB: { kind: "int", value: 1 } },
    },
    {
      name: "Transpose1",
      opType: "Transpose",
      domain: "",
      inputs: ["y"],
      outputs: ["z"],
      attributes: { perm: { kind: "ints", value: [1, 0] } },
    },
  ],
  metadata: { k: "双子" },
};

// What the reference library writes for the same model (Python onnx 1.23.2: helper.make_node, make_graph, make_model
// with these names and values, SerializeToString(deterministic=True)).
const reference =
  "0808120666757461676f3ac7010a390a01780a01770a01621201791a0547656d6d30220447656d6d2a0f0a05616c706861150000003fa00101" +
  "2a0d0a067472616e73421801a001020a2c0a017912017a1a0a5472616e73706f73653122095472616e73706f73652a0d0a047065726d400140" +
  "00a00107120474696e792a130801080210014201774a080000803f000000c02a11080110074201624a08ffffffffffffffff5a180a01781213" +
  "0a110801120d0a07120562617463680a02080262140a017a120f0a0d080112090a0208010a0308ac0242021012720b0a016b1206e58f8ce5ad90";

describe("encodeOnnx()", () => {
  test("writes the bytes that the reference library writes", () => {
    expect(hex(encodeOnnx(tiny))).toBe(reference);
  });

  test.each([100, 5000, 20_000, 600_000])(
    "large tensors of %i numbers lie where they are read in place",
    (count) => {
      const data = Float32Array.from({ length: count }, (_, i) => i);
      const table = (name: string): [string, OnnxTensor] => [
        name,
        { dtype: "float32", shape: [count], data },
      ];
      // Names of every length, so that every remainder occurs.
      const initializers = Object.fromEntries(["a", "bb", "ccc", "dddd", "eeeee"].map(table));
      const bytes = encodeOnnx({ ...tiny, initializers });
      const read = parseOnnx(bytes).initializers;
      for (const name of Object.keys(initializers)) {
        expect([0, 1, count - 1].map((i) => read[name]!.data[i])).toEqual([0, 1, count - 1]);
        if (count > 1024) expect(read[name]!.data.buffer, name).toBe(bytes.buffer);
      }
    },
  );

  test("is undone by parseOnnx()", () => {
    expect(parseOnnx(fromHex(reference))).toEqual(tiny);
  });

  test("keeps every kind of tensor and attribute", () => {
    const tensor = { dtype: "int32", shape: [2], data: Int32Array.of(-5, 2 ** 31 - 1) } as const;
    const model: OnnxModel = {
      ...tiny,
      opsets: { "": 18, "com.example": 1 },
      initializers: {
        mask: { dtype: "bool", shape: [3], data: Uint8Array.of(1, 0, 1) },
        empty: { dtype: "float32", shape: [0, 4], data: new Float32Array(0) },
        scalar: { dtype: "float32", shape: [], data: Float32Array.of(Number.NEGATIVE_INFINITY) },
      },
      nodes: [
        {
          name: "of its own",
          opType: "Odd",
          domain: "com.example",
          inputs: ["x", "", "mask"],
          outputs: ["z"],
          attributes: {
            text: { kind: "string", value: "add" },
            value: { kind: "tensor", value: tensor },
            least: { kind: "int", value: -9 },
            slopes: { kind: "floats", value: [0.5, -1] },
          },
        },
      ],
    };
    expect(parseOnnx(encodeOnnx(model))).toEqual(model);
  });

  test("an input that has numbers of its own is none", () => {
    const inputs = [...tiny.inputs, { name: "w", dtype: "float32", shape: [1, 2] } as const];
    expect(parseOnnx(encodeOnnx({ ...tiny, inputs })).inputs).toEqual(tiny.inputs);
  });
});

describe("ProtoWriter and readFields()", () => {
  test("bring back whole numbers to ±2^53", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 1, max: 2 ** 20 }), (value, number) => {
        const [field] = [...readFields(new ProtoWriter().int(number, value).finish())];
        expect(field).toMatchObject({ number, value });
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  test("bring back texts, bytes and floats", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.uint8Array(),
        fc.float({ noNaN: true }),
        (text, bytes, value) => {
          const message = new ProtoWriter().bytes(1, text).bytes(2, bytes).float(3, value).finish();
          const fields = [...readFields(message)];
          expect(new TextDecoder().decode(fields[0]!.bytes)).toBe(text.toWellFormed());
          expect(fields[1]!.bytes).toEqual(bytes);
          expect(fields[2]!.value).toBe(value);
        },
      ),
      { numRuns: 500, seed: 2 },
    );
  });

  test("write varints as the published examples have them", () => {
    // https://protobuf.dev/programming-guides/encoding: 150 in field 1 is 08 96 01; -2 as int64 is fe ff … 01.
    expect(hex(new ProtoWriter().int(1, 150).finish())).toBe("089601");
    expect(hex(new ProtoWriter().int(1, -2).finish())).toBe("08feffffffffffffffff01");
    expect(readVarint(fromHex("feffffffffffffffff01"), 0)).toEqual({ value: -2, next: 10 });
    // "testing" in field 2.
    expect(hex(new ProtoWriter().bytes(2, "testing").finish())).toBe("120774657374696e67");
  });

  test("refuse what ends too early, is too long or has an unknown type", () => {
    for (const bad of ["08", "0896", "12ff", "1207746573", "0d0000", `08${"ff".repeat(10)}01`, "0b"]) {
      expect(() => [...readFields(fromHex(bad))]).toThrow(/Cannot read an ONNX model/);
    }
  });
});

describe("parseOnnx()", () => {
  test("reads packed numbers and typed data, as other programs write them", () => {
    // A tensor with packed dims [2], float_data [1, 2] packed.
    const tensor = new ProtoWriter()
      .bytes(1, Uint8Array.of(2))
      .int(2, 1)
      .bytes(4, new Uint8Array(Float32Array.of(1, 2).buffer))
      .bytes(8, "t");
    const graph = new ProtoWriter().bytes(2, "g").bytes(5, tensor);
    const model = parseOnnx(new ProtoWriter().int(1, 8).bytes(7, graph).finish());
    expect(model.initializers["t"]).toEqual({ dtype: "float32", shape: [2], data: Float32Array.of(1, 2) });
  });

  test("refuses a tensor whose numbers do not fit its shape", () => {
    const model = {
      ...tiny,
      initializers: { w: { dtype: "float32", shape: [3], data: Float32Array.of(1, 2) } },
    } as const;
    expect(() => parseOnnx(encodeOnnx(model))).toThrow(/as many bytes/);
  });

  test("fails on any bytes with a FutagoError alone", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          parseOnnx(bytes);
        } catch (error) {
          expect(isFutagoError(error)).toBe(true);
        }
      }),
      { numRuns: 3000, seed: 3 },
    );
  });
});
