export {
  importTensorFlow,
  type TensorFlow,
  type TfArtifacts,
  type TfModel,
  type TfTensor,
} from "./import-tensorflow.ts";
export { openTfjsTowers } from "./open-tfjs-towers.ts";
