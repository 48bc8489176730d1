export {
  createPlainProduct,
  createRuntimeProduct,
  type DenseProduct,
  type ProductShape,
} from "./dense-product.ts";
export { buildOnnx, type EmitOptions, emitOnnx } from "./emit.ts";
export { encodeOnnx } from "./encode.ts";
export { GraphWriter } from "./graph-writer.ts";
export type { OnnxAttribute, OnnxModel, OnnxNode, OnnxTensor, OnnxType, OnnxValueInfo } from "./model.ts";
export { parseOnnx } from "./parse.ts";
export {
  createPortableRuntime,
  type PortableOptions,
  portableOpsets,
  type UnsupportedNode,
  unsupportedNodes,
} from "./portable-runtime.ts";
export type { LoadOptions, Runtime, Session, Tensor, Tensors } from "./runtime.ts";
