/** Numbers of one weight, row-major. */
export interface LayerWeight {
  /** `<layer>/<weight>`, as Keras names them. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The output of a layer while a model is put together. */
export interface LayerOutput {
  readonly layer: string;
  /** Length of the last axis. */
  readonly width: number;
}

interface LayerRecord {
  readonly name: string;
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: unknown;
}

/** Activations that Keras and TensorFlow.js both know. */
export type LayerActivation = "linear" | "gelu" | "relu" | "tanh";

/**
 * Puts together a functional Keras model of standard layers: what `tf.loadLayersModel` reads without code of ours.
 */
export class LayersWriter {
  readonly #layers: LayerRecord[] = [];
  readonly #weights: LayerWeight[] = [];
  readonly #inputs: string[] = [];

  /** An input [rows, width]; `null` is a width that each run chooses. */
  input(name: string, width: number | null, dtype: "float32" | "int32" = "float32"): LayerOutput {
    this.#inputs.push(name);
    return this.#layer(
      name,
      "InputLayer",
      { batch_input_shape: [null, width], dtype, sparse: false },
      [],
      width ?? 0,
    );
  }

  /** activation(x · kernel + bias). */
  dense(
    name: string,
    x: LayerOutput,
    options: {
      readonly kernel: Float32Array;
      readonly bias?: Float32Array;
      readonly units: number;
      readonly activation?: LayerActivation;
    },
  ): LayerOutput {
    const { kernel, bias, units, activation = "linear" } = options;
    this.#weight(`${name}/kernel`, [x.width, units], kernel);
    if (bias !== undefined) this.#weight(`${name}/bias`, [units], bias);
    return this.#layer(name, "Dense", { units, activation, use_bias: bias !== undefined }, [x], units);
  }

  /** Rows of a table: [rows, length] → [rows, length, width]. */
  embedding(
    name: string,
    indices: LayerOutput,
    table: { readonly shape: readonly number[]; readonly data: Float32Array },
  ): LayerOutput {
    const [vocabulary, width] = table.shape as [number, number];
    this.#weight(`${name}/embeddings`, [vocabulary, width], table.data);
    const config = { input_dim: vocabulary, output_dim: width, mask_zero: false, input_length: null };
    return this.#layer(name, "Embedding", config, [indices], width);
  }

  /** Σ_l weights_l · vectors_l: [rows, length, width] and [rows, length] → [rows, width]. */
  weightedSum(name: string, vectors: LayerOutput, weights: LayerOutput): LayerOutput {
    return this.#layer(name, "Dot", { axes: [1, 1], normalize: false }, [vectors, weights], vectors.width);
  }

  add(name: string, parts: readonly LayerOutput[]): LayerOutput {
    return parts.length === 1 ? parts[0]! : this.#layer(name, "Add", {}, parts, parts[0]!.width);
  }

  multiply(name: string, a: LayerOutput, b: LayerOutput): LayerOutput {
    return this.#layer(name, "Multiply", {}, [a, b], a.width);
  }

  concatenate(name: string, parts: readonly LayerOutput[]): LayerOutput {
    const width = parts.reduce((sum, part) => sum + part.width, 0);
    return parts.length === 1 ? parts[0]! : this.#layer(name, "Concatenate", { axis: -1 }, parts, width);
  }

  activation(name: string, x: LayerOutput, activation: LayerActivation): LayerOutput {
    return this.#layer(name, "Activation", { activation }, [x], x.width);
  }

  /**
   * scale · x / √(Σ x² + ε), of a layer that subtracts the mean and divides by the deviation: over x₁, -x₁, x₂, -x₂, …
   * the mean is exactly 0 and the variance Σ x² / n.
   */
  unitLength(
    name: string,
    x: LayerOutput,
    options: { readonly scale: number; readonly epsilon: number },
  ): LayerOutput {
    const n = x.width;
    const apart = this.#reshape(`${name}_apart`, x, [n, 1]);
    const mirrored = this.dense(`${name}_mirror`, apart, { kernel: Float32Array.of(1, -1), units: 2 });
    const line = this.#reshape(`${name}_line`, mirrored, [2 * n]);
    const gamma = Float32Array.from({ length: 2 * n }, () => options.scale / Math.sqrt(n));
    const normal = `${name}_normal`;
    this.#weight(`${normal}/gamma`, [2 * n], gamma);
    const config = { axis: [-1], epsilon: options.epsilon / n, center: false, scale: true };
    const normalised = this.#layer(normal, "LayerNormalization", config, [line], 2 * n);
    const pairs = this.#reshape(`${name}_pairs`, normalised, [n, 2]);
    const joined = this.dense(`${name}_join`, pairs, { kernel: Float32Array.of(0.5, -0.5), units: 1 });
    return this.#reshape(name, joined, [n]);
  }

  /** The same numbers in every row, with as many rows as `like` has. */
  constant(name: string, like: LayerOutput, values: readonly number[]): LayerOutput {
    const units = values.length;
    return this.dense(name, like, {
      kernel: new Float32Array(like.width * units),
      bias: Float32Array.from(values),
      units,
    });
  }

  /**
   * The model.
   *
   * @param name Of the model.
   * @param output What it gives.
   * @returns The topology as `model.json` holds it, and its weights.
   */
  finish(
    name: string,
    output: LayerOutput,
  ): { readonly topology: object; readonly weights: readonly LayerWeight[] } {
    const config = {
      name,
      layers: this.#layers,
      input_layers: this.#inputs.map((input) => [input, 0, 0]),
      output_layers: [[output.layer, 0, 0]],
    };
    return {
      topology: {
        keras_version: "2.15.0",
        backend: "tensorflow",
        model_config: { class_name: "Functional", config },
      },
      weights: this.#weights,
    };
  }

  #reshape(name: string, x: LayerOutput, shape: readonly number[]): LayerOutput {
    return this.#layer(name, "Reshape", { target_shape: shape }, [x], shape.at(-1)!);
  }

  #weight(name: string, shape: readonly number[], data: Float32Array): void {
    const count = shape.reduce((product, length) => product * length, 1);
    if (count !== data.length) {
      throw new RangeError(
        `Cannot export the weight "${name}" as it must have ${count} numbers: current value is ${data.length}`,
      );
    }
    this.#weights.push({ name, shape, data });
  }

  #layer(
    name: string,
    className: string,
    config: Readonly<Record<string, unknown>>,
    inputs: readonly LayerOutput[],
    width: number,
  ): LayerOutput {
    const inbound = inputs.length === 0 ? [] : [inputs.map(({ layer }) => [layer, 0, 0, {}])];
    this.#layers.push({
      name,
      class_name: className,
      config: { name, trainable: true, dtype: "float32", ...config },
      inbound_nodes: inbound,
    });
    return { layer: name, width };
  }
}
