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

function encodeTensor(tensor: OnnxTensor, name: string): ProtoWriter {
  const message = new ProtoWriter();
  for (const dim of tensor.shape) message.int(fields.tensor.dims, dim);
  message.int(fields.tensor.dataType, dataTypes[tensor.dtype]);
  if (name !== "") message.bytes(fields.tensor.name, name);
  return message.bytes(fields.tensor.rawData, rawData(tensor));
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
  const graph = new ProtoWriter();
  model.nodes.forEach((node, index) => {
    graph.bytes(fields.graph.node, encodeNode(node, index));
  });
  graph.bytes(fields.graph.name, model.name);
  for (const [name, tensor] of Object.entries(model.initializers)) {
    graph.bytes(fields.graph.initializer, encodeTensor(tensor, name));
  }
  for (const info of model.inputs) graph.bytes(fields.graph.input, encodeValueInfo(info));
  for (const info of model.outputs) graph.bytes(fields.graph.output, encodeValueInfo(info));
  const message = new ProtoWriter()
    .int(fields.model.irVersion, model.irVersion)
    .bytes(fields.model.producerName, "futago")
    .bytes(fields.model.graph, graph);
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
