import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-web";
import { FutagoError } from "../../base/mod.ts";
import type { LoadOptions, Runtime, Session, Tensor, Tensors } from "../../onnx/mod.ts";

type Ort = typeof import("onnxruntime-web");

class OrtWebSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #ort: Ort;
  readonly #session: InferenceSession;
  readonly #label: string;
  #closed = false;

  constructor(ort: Ort, session: InferenceSession, label: string) {
    this.#ort = ort;
    this.#session = session;
    this.#label = label;
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames;
  }

  async run(inputs: Tensors, outputs: Tensors = {}): Promise<Tensors> {
    if (this.#closed) throw new TypeError(`Cannot run "${this.#label}" as it must be open: it is closed`);
    const feeds = Object.fromEntries(
      Object.entries(inputs).map(([name, { dtype, data, shape }]) => [
        name,
        new this.#ort.Tensor(dtype, data as Float32Array, [...shape]),
      ]),
    );
    const results = await this.#session.run(feeds).catch((cause: unknown) => {
      // A model that loaded fails only over what it is given: names, types, shapes, rows outside a table.
      throw new RangeError(
        `Cannot run "${this.#label}" as its inputs and outputs must fit it: ${String(cause)}`,
        { cause },
      );
    });
    return Object.fromEntries(
      this.outputNames.map((name) => [name, delivered(name, results[name]!, outputs[name])]),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#session.release();
  }
}

/** A result as the caller gets it: in the tensor handed in, or in one of its own. */
function delivered(name: string, result: OrtTensor, target: Tensor | undefined): Tensor {
  const { data, dims } = result;
  if (target !== undefined) {
    const fits = target.shape.length === dims.length && target.shape.every((length, i) => length === dims[i]);
    if (!fits || target.dtype !== result.type) {
      throw new RangeError(
        `Cannot write output "${name}" as it must be ${result.type} [${dims}]: current value is ${target.dtype} [${target.shape}]`,
      );
    }
    target.data.set(data as Float32Array | Int32Array);
    return target;
  }
  if (data instanceof Float32Array) return { dtype: "float32", shape: dims, data };
  if (data instanceof Int32Array) return { dtype: "int32", shape: dims, data };
  throw new FutagoError(
    "model_unsupported",
    `Cannot read an output as it must be float32 or int32: current value is ${result.type}`,
  );
}

async function importOrt(): Promise<Ort> {
  try {
    return await import("onnxruntime-web");
  } catch (cause) {
    throw new FutagoError(
      "device_unavailable",
      "Cannot run on ONNX Runtime Web as it must be installed: npm install onnxruntime-web",
      { cause, details: { runtime: "onnxruntime-web" } },
    );
  }
}

/**
 * ONNX Runtime compiled to WebAssembly: for browsers, and to check that a model answers there as it does here. It is no
 * dependency of Futago: install `onnxruntime-web` beside it.
 *
 * @returns The runtime, on one thread.
 * @throws FutagoError `device_unavailable` where the package is missing; the message says how to install it.
 *
 * @example
 * ```ts
 * import { createOrtWebRuntime } from "futago/ort-web";
 * const runtime = await createOrtWebRuntime();
 * ```
 */
export async function createOrtWebRuntime(): Promise<Runtime> {
  const ort = await importOrt();
  ort.env.logLevel = "fatal";
  // More threads need shared memory, which a page has only with special headers.
  ort.env.wasm.numThreads = 1;
  return Object.freeze({
    name: "onnxruntime-web/wasm",
    load: async (model: Uint8Array, { name = "model" }: LoadOptions = {}): Promise<Session> => {
      try {
        const options: InferenceSession.SessionOptions = {
          executionProviders: ["wasm"],
          logSeverityLevel: 4,
        };
        return new OrtWebSession(ort, await ort.InferenceSession.create(model, options), name);
      } catch (cause) {
        // ONNX Runtime tells the two apart in its message alone.
        const damaged = /protobuf|pointer is null|ERROR_CODE: (?:2|7)\b/i.test(String(cause));
        throw new FutagoError(
          damaged ? "bundle_corrupt" : "model_unsupported",
          `Cannot load "${name}" as ONNX Runtime must accept it: ${String(cause)}`,
          { cause },
        );
      }
    },
  });
}
