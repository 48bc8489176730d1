import { attributeTypes, dataTypes, fields } from "./field-numbers.ts";
import type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxValueInfo } from "./model.ts";
import { ProtoWriter } from "./protobuf.ts";

function rawData({ dtype, data }: OnnxTensor): Uint8Array {
  if (dtype === "int64") {
    const words = new BigInt64Array(data.length);
    data.forEach((value, index) => {
      words[index] = BigInt(value);
    });
    return new Uint8Array(words.buffer);
  }
  // Raw data is little-endian, as is every machine that runs JavaScript engines today.
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Tensors of at least so many bytes lie where they can be read in place: on a multiple of four from the file's start. */
const alignedFrom = 4096;

/**
 * @param tensor What to write.
 * @param name Its name.
 * @param start Where in the file the field will begin that holds it; absent: anywhere.
 */
function encodeTensor(tensor: OnnxTensor, name: string, start?: number): ProtoWriter {
  const message = new ProtoWriter();
  for (const dim of tensor.shape) message.int(fields.tensor.dims, dim);
  message.int(fields.tensor.dataType, dataTypes[tensor.dtype]);
  if (name !== "") message.bytes(fields.tensor.name, name);
  const raw = rawData(tensor);
  if (start !== undefined && raw.length >= alignedFrom) {
    // A tag and a length stand before the tensor, and again before its data.
    const before = message.length + 1 + varintLength(raw.length);
    const at = start + 1 + varintLength(before + 5 + raw.length) + before;
    // A doc string of n characters takes 2 + n bytes; none takes none.
    const padding = -at & 3;
    if (padding > 0) message.bytes(fields.tensor.docString, " ".repeat(padding === 1 ? 3 : padding - 2));
  }
  return message.bytes(fields.tensor.rawData, raw);
}

function varintLength(value: number): number {
  return value < 0x80 ? 1 : 1 + varintLength(Math.floor(value / 0x80));
}

function encodeAttribute(name: string, attribute: OnnxAttribute): ProtoWriter {
  const message = new ProtoWriter().bytes(fields.attribute.name, name);
  switch (attribute.kind) {
    case "float":
      message.float(fields.attribute.f, attribute.value);
      break;
    case "int":
      message.int(fields.attribute.i, attribute.value);
      break;
    case "ints":
      for (const value of attribute.value) message.int(fields.attribute.ints, value);
      break;
    case "floats":
      for (const value of attribute.value) message.float(fields.attribute.floats, value);
      break;
    case "string":
      message.bytes(fields.attribute.s, attribute.value);
      break;
    case "tensor":
      message.bytes(fields.attribute.t, encodeTensor(attribute.value, ""));
      break;
    case "other":
      throw new RangeError(
        `Cannot write an ONNX model as "${name}" must be numbers, text or a tensor: current value is type ${attribute.value}`,
      );
  }
  return message.int(fields.attribute.type, attributeTypes[attribute.kind]);
}

function encodeNode(node: OnnxNode, index: number): ProtoWriter {
  const message = new ProtoWriter();
  for (const name of node.inputs) message.bytes(fields.node.input, name);
  for (const name of node.outputs) message.bytes(fields.node.output, name);
  message
    .bytes(fields.node.name, node.name ?? `${node.opType}${index}`)
    .bytes(fields.node.opType, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    message.bytes(fields.node.attribute, encodeAttribute(name, attribute));
  }
  return node.domain === "" ? message : message.bytes(fields.node.domain, node.domain);
}

function encodeValueInfo({ name, dtype, shape }: OnnxValueInfo): ProtoWriter {
  const dims = new ProtoWriter();
  for (const dim of shape) {
    const dimension = new ProtoWriter();
    if (typeof dim === "number") dimension.int(fields.dimension.value, dim);
    else dimension.bytes(fields.dimension.param, dim);
    dims.bytes(fields.shape.dim, dimension);
  }
  const tensorType = new ProtoWriter()
    .int(fields.tensorType.elemType, dataTypes[dtype])
    .bytes(fields.tensorType.shape, dims);
  return new ProtoWriter()
    .bytes(fields.valueInfo.name, name)
    .bytes(fields.valueInfo.type, new ProtoWriter().bytes(fields.type.tensorType, tensorType));
}

/**
 * A model as ONNX bytes.
 *
 * @param model The model.
 * @returns The bytes of a `ModelProto`, equal for equal models.
 */
export function encodeOnnx(model: OnnxModel): Uint8Array {
  const message = new ProtoWriter()
    .int(fields.model.irVersion, model.irVersion)
    .bytes(fields.model.producerName, "futago");
  // Where the graph begins depends on the length of its length, four bytes from 2 MB on.
  let graph = encodeGraph(model, message.length + 5);
  const lengthBytes = varintLength(graph.length);
  if (lengthBytes !== 4) graph = encodeGraph(model, message.length + 1 + lengthBytes);
  message.bytes(fields.model.graph, graph);
  for (const [domain, version] of Object.entries(model.opsets)) {
    const opset = new ProtoWriter();
    if (domain !== "") opset.bytes(fields.opset.domain, domain);
    message.bytes(fields.model.opsetImport, opset.int(fields.opset.version, version));
  }
  for (const [key, value] of Object.entries(model.metadata)) {
    message.bytes(
      fields.model.metadataProps,
      new ProtoWriter().bytes(fields.entry.key, key).bytes(fields.entry.value, value),
    );
  }
  return message.finish().slice();
}

function encodeGraph(model: OnnxModel, start: number): ProtoWriter {
  const graph = new ProtoWriter();
  model.nodes.forEach((node, index) => {
    graph.bytes(fields.graph.node, encodeNode(node, index));
  });
  graph.bytes(fields.graph.name, model.name);
  for (const [name, tensor] of Object.entries(model.initializers)) {
    graph.bytes(fields.graph.initializer, encodeTensor(tensor, name, start + graph.length));
  }
  for (const info of model.inputs) graph.bytes(fields.graph.input, encodeValueInfo(info));
  for (const info of model.outputs) graph.bytes(fields.graph.output, encodeValueInfo(info));
  return graph;
}
