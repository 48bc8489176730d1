/** Numbers with a shape, row-major. */
export type Tensor =
  | { readonly dtype: "float32"; readonly shape: readonly number[]; readonly data: Float32Array }
  | { readonly dtype: "int32"; readonly shape: readonly number[]; readonly data: Int32Array };

/** Tensors by the name of the model's input or output. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** A model that has been loaded and can be run any number of times. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the model once.
   *
   * @param inputs One tensor for every input name.
   * @param outputs Tensors to write into, by output name; their shapes must be what the model gives. Outputs that
   * are not named here are allocated.
   * @returns Every output; those handed in are returned as they are.
   */
  run(inputs: Tensors, outputs?: Tensors): Promise<Tensors>;
  /** Frees what the session holds. It cannot be run again. */
  close(): Promise<void>;
}

/** Options of {@link Runtime.load}. */
export interface LoadOptions {
  /** For a label in errors and profiles. */
  readonly name?: string;
}

/** Something that runs ONNX models: ONNX Runtime on a server, the portable executor everywhere. */
export interface Runtime {
  /** For example `onnxruntime-node/cpu` or `portable`. */
  readonly name: string;
  /** Loads a model from its ONNX bytes; throws `FutagoError` `model_unsupported` where an operator is missing. */
  load(model: Uint8Array, options?: LoadOptions): Promise<Session>;
}
