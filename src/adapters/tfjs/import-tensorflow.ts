import { FutagoError } from "../../base/mod.ts";

/** A tensor of TensorFlow.js, as far as it is used here. */
export interface TfTensor {
  readonly shape: readonly number[];
  data(): Promise<Float32Array | Int32Array | Uint8Array>;
  dispose(): void;
}

/** A model of layers, as far as it is used here. */
export interface TfModel {
  readonly inputNames: readonly string[];
  /** Tensors of the same library: no other type says that of every version of it. */
  predict(inputs: never, options?: { readonly batchSize?: number }): TfTensor | TfTensor[];
  dispose(): unknown;
}

/** What a model is made of in memory: the form of `tf.io.ModelArtifacts`. */
export interface TfArtifacts {
  readonly modelTopology: object;
  readonly weightSpecs: {
    readonly name: string;
    readonly shape: number[];
    readonly dtype: "float32";
  }[];
  readonly weightData: ArrayBuffer;
}

/** The part of `@tensorflow/tfjs` that runs towers; `import * as tf from "@tensorflow/tfjs"` has it. */
export interface TensorFlow {
  tensor(values: Float32Array | Int32Array, shape: number[], dtype: "float32" | "int32"): TfTensor;
  loadLayersModel(source: { load(): Promise<TfArtifacts> }): Promise<TfModel>;
}

/**
 * TensorFlow.js on the processor, if it is installed: Futago does not depend on it.
 *
 * @returns What runs towers.
 * @throws FutagoError `device_unavailable` where the packages are missing; the message says how to install them.
 */
export async function importTensorFlow(): Promise<TensorFlow> {
  try {
    const core = await import("@tensorflow/tfjs-core");
    const layers = await import("@tensorflow/tfjs-layers");
    await import("@tensorflow/tfjs-backend-cpu");
    // Else it writes an advertisement for its native package to the error stream.
    core.enableProdMode();
    await core.setBackend("cpu");
    return { tensor: core.tensor, loadLayersModel: layers.loadLayersModel };
  } catch (cause) {
    throw new FutagoError(
      "device_unavailable",
      "Cannot run on TensorFlow.js as it must be installed: npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers @tensorflow/tfjs-backend-cpu",
      { cause, details: { runtime: "tfjs" } },
    );
  }
}
