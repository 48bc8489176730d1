import { FutagoError } from "../base/mod.ts";
import { attributeTypes, dataTypes, fields } from "./field-numbers.ts";
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxType, OnnxValueInfo } from "./model.ts";
import { corrupt, type ProtoField, readFields, readVarint, wire } from "./protobuf.ts";

const utf8 = new TextDecoder();
const text = (field: ProtoField): string => utf8.decode(field.bytes);

const typeNames: ReadonlyMap<number, OnnxType> = new Map(
  Object.entries(dataTypes).map(([name, code]) => [code, name as OnnxType]),
);

function typeOf(code: number, of: string): OnnxType {
  const type = typeNames.get(code);
  if (type === undefined) {
    throw new FutagoError(
      "model_unsupported",
      `Cannot read an ONNX model as its types must be float32, int32, int64 or bool: "${of}" is ${otherTypes[code] ?? `type ${code}`}; convert the model to float32 first`,
    );
  }
  return type;
}

/** Names of types that are refused, for messages: `TensorProto.DataType`. */
const otherTypes: Readonly<Record<number, string>> = {
  2: "uint8",
  3: "int8",
  8: "string",
  10: "float16",
  11: "float64",
  16: "bfloat16",
};

/** A repeated number, which may be packed into one field or lie in many. */
function numbers(field: ProtoField): number[] {
  if (field.type !== wire.bytes) return [field.value];
  const values: number[] = [];
  for (let at = 0; at < field.bytes.length; ) {
    const { value, next } = readVarint(field.bytes, at);
    values.push(value);
    at = next;
  }
  return values;
}

function floats(field: ProtoField): number[] {
  if (field.type !== wire.bytes) return [field.value];
  const view = new DataView(field.bytes.buffer, field.bytes.byteOffset, field.bytes.byteLength);
  return Array.from({ length: Math.floor(field.bytes.length / 4) }, (_, index) =>
    view.getFloat32(index * 4, true),
  );
}

const widths = { float32: 4, int32: 4, int64: 8, bool: 1 } as const;

function fromRaw(dtype: OnnxType, raw: Uint8Array): OnnxTensor["data"] {
  // In place where they lie on a multiple of the element's width, as those of encodeOnnx() do; otherwise a copy.
  const width = widths[dtype];
  const { buffer, byteOffset } = raw.byteOffset % width === 0 ? raw : raw.slice();
  const length = raw.length / width;
  if (dtype === "float32") return new Float32Array(buffer, byteOffset, length);
  if (dtype === "int32") return new Int32Array(buffer, byteOffset, length);
  if (dtype === "bool") return new Uint8Array(buffer, byteOffset, length);
  return Float64Array.from(new BigInt64Array(buffer, byteOffset, length), Number);
}

function parseTensor(bytes: Uint8Array): { name: string; tensor: OnnxTensor } {
  const shape: number[] = [];
  let code = 0;
  let name = "";
  let raw: Uint8Array | undefined;
  let location = 0;
  const values: number[] = [];
  for (const field of readFields(bytes)) {
    if (field.number === fields.tensor.location) location = field.value;
    else if (field.number === fields.tensor.dims) shape.push(...numbers(field));
    else if (field.number === fields.tensor.dataType) code = field.value;
    else if (field.number === fields.tensor.name) name = text(field);
    else if (field.number === fields.tensor.rawData) raw = field.bytes;
    else if (field.number === fields.tensor.floatData) values.push(...floats(field));
    else if (field.number === fields.tensor.int32Data || field.number === fields.tensor.int64Data) {
      values.push(...numbers(field));
    }
  }
  if (location !== 0) {
    throw new FutagoError(
      "model_unsupported",
      `Cannot read an ONNX model as its numbers must lie in the file itself: those of "${name}" lie in another; write it again with torch.onnx.export(…, external_data=False) or onnx.save_model(…, save_as_external_data=False)`,
    );
  }
  const dtype = typeOf(code, name);
  const count = shape.reduce((product, dim) => product * dim, 1);
  if (shape.some((dim) => !(dim >= 0))) corrupt("a tensor has a negative length");
  if (raw !== undefined && raw.length > 0) {
    if (raw.length !== count * widths[dtype])
      corrupt(`the tensor "${name}" has not as many bytes as its shape says`);
    return { name, tensor: { dtype, shape, data: fromRaw(dtype, raw) } };
  }
  if (values.length !== count) corrupt(`the tensor "${name}" has not as many numbers as its shape says`);
  const arrays = { float32: Float32Array, int32: Int32Array, int64: Float64Array, bool: Uint8Array };
  return { name, tensor: { dtype, shape, data: arrays[dtype].from(values) } };
}

function parseAttribute(bytes: Uint8Array): { name: string; attribute: OnnxAttribute } {
  let name = "";
  let type = 0;
  let f = 0;
  let i = 0;
  let s = "";
  let t: OnnxTensor | undefined;
  const ints: number[] = [];
  const many: number[] = [];
  for (const field of readFields(bytes)) {
    if (field.number === fields.attribute.name) name = text(field);
    else if (field.number === fields.attribute.type) type = field.value;
    else if (field.number === fields.attribute.f) f = field.value;
    else if (field.number === fields.attribute.i) i = field.value;
    else if (field.number === fields.attribute.s) s = text(field);
    else if (field.number === fields.attribute.t) t = parseTensor(field.bytes).tensor;
    else if (field.number === fields.attribute.ints) ints.push(...numbers(field));
    else if (field.number === fields.attribute.floats) many.push(...floats(field));
  }
  if (type === attributeTypes.float) return { name, attribute: { kind: "float", value: f } };
  if (type === attributeTypes.int) return { name, attribute: { kind: "int", value: i } };
  if (type === attributeTypes.ints) return { name, attribute: { kind: "ints", value: ints } };
  if (type === attributeTypes.string) return { name, attribute: { kind: "string", value: s } };
  if (type === attributeTypes.tensor && t !== undefined)
    return { name, attribute: { kind: "tensor", value: t } };
  if (type === attributeTypes.floats) return { name, attribute: { kind: "floats", value: many } };
  // An executor that needs it will refuse it by the node's name.
  return { name, attribute: { kind: "other", value: type } };
}

function parseNode(bytes: Uint8Array): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: [string, OnnxAttribute][] = [];
  let opType = "";
  let domain = "";
  let label: string | undefined;
  for (const field of readFields(bytes)) {
    if (field.number === fields.node.input) inputs.push(text(field));
    else if (field.number === fields.node.output) outputs.push(text(field));
    else if (field.number === fields.node.name) label = text(field);
    else if (field.number === fields.node.opType) opType = text(field);
    else if (field.number === fields.node.domain) domain = text(field) === "ai.onnx" ? "" : text(field);
    else if (field.number === fields.node.attribute) {
      const { name, attribute } = parseAttribute(field.bytes);
      attributes.push([name, attribute]);
    }
  }
  const named = label === undefined || label === "" ? {} : { name: label };
  return { ...named, opType, domain, inputs, outputs, attributes: Object.fromEntries(attributes) };
}

/** Every field with one number, as messages. */
function messages(bytes: Uint8Array, number: number): Uint8Array[] {
  return [...readFields(bytes)].filter((field) => field.number === number).map((field) => field.bytes);
}

function parseDimension(bytes: Uint8Array): number | string {
  for (const field of readFields(bytes)) {
    if (field.number === fields.dimension.value) return field.value;
    if (field.number === fields.dimension.param) return text(field);
  }
  return "?";
}

function parseValueInfo(bytes: Uint8Array): OnnxValueInfo {
  const names = [...readFields(bytes)].filter((field) => field.number === fields.valueInfo.name).map(text);
  const tensorType = messages(bytes, fields.valueInfo.type).flatMap((type) =>
    messages(type, fields.type.tensorType),
  )[0];
  if (names[0] === undefined || tensorType === undefined) corrupt("an input or output is not a named tensor");
  const codes = [...readFields(tensorType)].filter((field) => field.number === fields.tensorType.elemType);
  const dims = messages(tensorType, fields.tensorType.shape).flatMap((shape) =>
    messages(shape, fields.shape.dim),
  );
  return { name: names[0], dtype: typeOf(codes[0]?.value ?? 0, names[0]), shape: dims.map(parseDimension) };
}

function parseEntry(
  bytes: Uint8Array,
  numbersOf: { key: number; value: number },
): [string, ProtoField | undefined] {
  const all = [...readFields(bytes)];
  const key = all.find((field) => field.number === numbersOf.key);
  return [key === undefined ? "" : text(key), all.find((field) => field.number === numbersOf.value)];
}

/**
 * Reads ONNX bytes: what Futago writes, and what other programs write in the same subset.
 *
 * @param bytes A `ModelProto`; tensors of the model may be views of it, so leave it as it is.
 * @returns The model as data.
 * @throws FutagoError `bundle_corrupt` where the bytes are no model, `model_unsupported` where it uses more than the
 * subset.
 */
export function parseOnnx(bytes: Uint8Array): OnnxModel {
  const opsets: [string, number][] = [];
  const metadata: [string, string][] = [];
  let irVersion = 0;
  let graph: Uint8Array | undefined;
  for (const field of readFields(bytes)) {
    if (field.number === fields.model.irVersion) irVersion = field.value;
    else if (field.number === fields.model.graph) graph = field.bytes;
    else if (field.number === fields.model.opsetImport) {
      const [domain, version] = parseEntry(field.bytes, {
        key: fields.opset.domain,
        value: fields.opset.version,
      });
      // The standard operators have two names.
      opsets.push([domain === "ai.onnx" ? "" : domain, version?.value ?? 0]);
    } else if (field.number === fields.model.metadataProps) {
      const [key, value] = parseEntry(field.bytes, fields.entry);
      metadata.push([key, value === undefined ? "" : text(value)]);
    }
  }
  if (graph === undefined) corrupt("it holds no graph");
  const initializers = messages(graph, fields.graph.initializer).map(parseTensor);
  const names = [...readFields(graph)].filter((field) => field.number === fields.graph.name).map(text);
  // Older exporters list weights among the inputs too, as defaults that a caller may override.
  const fixed = new Set(initializers.map(({ name }) => name));
  return {
    name: names[0] ?? "",
    irVersion,
    opsets: Object.fromEntries(opsets),
    inputs: messages(graph, fields.graph.input)
      .map(parseValueInfo)
      .filter(({ name }) => !fixed.has(name)),
    outputs: messages(graph, fields.graph.output).map(parseValueInfo),
    initializers: Object.fromEntries(initializers.map(({ name, tensor }) => [name, tensor])),
    nodes: messages(graph, fields.graph.node).map(parseNode),
    metadata: Object.fromEntries(metadata),
  };
}
