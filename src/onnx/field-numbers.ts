/**
 * Field numbers of the ONNX messages, from the published schema
 * https://github.com/onnx/onnx/blob/v1.18.0/onnx/onnx.proto3.
 */
export const fields = Object.freeze({
  model: { irVersion: 1, producerName: 2, producerVersion: 3, graph: 7, opsetImport: 8, metadataProps: 14 },
  opset: { domain: 1, version: 2 },
  entry: { key: 1, value: 2 },
  graph: { node: 1, name: 2, initializer: 5, input: 11, output: 12 },
  node: { input: 1, output: 2, name: 3, opType: 4, attribute: 5, domain: 7 },
  attribute: { name: 1, f: 2, i: 3, s: 4, t: 5, floats: 7, ints: 8, type: 20 },
  tensor: {
    dims: 1,
    dataType: 2,
    floatData: 4,
    int32Data: 5,
    int64Data: 7,
    name: 8,
    rawData: 9,
    docString: 12,
    location: 14,
  },
  valueInfo: { name: 1, type: 2 },
  type: { tensorType: 1 },
  tensorType: { elemType: 1, shape: 2 },
  shape: { dim: 1 },
  dimension: { value: 1, param: 2 },
});

/** `AttributeProto.AttributeType`. */
export const attributeTypes = Object.freeze({ float: 1, int: 2, string: 3, tensor: 4, floats: 6, ints: 7 });

/** `TensorProto.DataType`. */
export const dataTypes = Object.freeze({ float32: 1, int32: 6, int64: 7, bool: 9 });
