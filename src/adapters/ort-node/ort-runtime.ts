import * as ort from "onnxruntime-node";
import { FutagoError } from "../../base/mod.ts";
import { add, input } from "../../graph/mod.ts";
import {
  emitOnnx,
  type LoadOptions,
  type Runtime,
  type Session,
  type Tensor,
  type Tensors,
} from "../../onnx/mod.ts";

/** Where ONNX Runtime computes. */
export type OrtDevice = "cpu" | "webgpu" | "cuda";

/** Options of {@link createOrtRuntime}. */
export interface OrtOptions {
  /** @default "cpu" */
  readonly device?: OrtDevice;
  /** Threads that share one operation. @default one for every core */
  readonly threads?: number;
}

const advice: Readonly<Record<OrtDevice, string>> = {
  cpu: "install onnxruntime-node for this platform",
  webgpu: "install a Vulkan driver (libvulkan.so.1), or use --device cpu",
  cuda: "install onnxruntime-node with its CUDA 12 libraries on a machine with an NVIDIA GPU, or use --device cpu",
};

function sessionOptions({ device = "cpu", threads }: OrtOptions): ort.InferenceSession.SessionOptions {
  // Measured on the train-step benchmark (processor time of one thread, interleaved medians): without arena and memory
  // pattern 28.6 ms a step, with both 29.5, for malloc hands back what is still in the cache; with the pattern some
  // processes also paid 2,000 page faults a step. Levels below `all` make no difference; `parallel` costs 2 ms more.
  return {
    executionProviders: [device],
    graphOptimizationLevel: "all",
    executionMode: "sequential",
    enableCpuMemArena: false,
    enableMemPattern: false,
    // Threads of a session spin while they wait for work: with this only during a run. Otherwise those of the session
    // that ran last take the processor from the one that runs now, which made a step beside other sessions three times
    // slower, and from the database on the same machine.
    extra: { session: { force_spinning_stop: "1" } },
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  };
}

// A training step hands in the same seventy tensors again and again.
const converted = new WeakMap<Tensor, ort.Tensor>();

function asOrtTensor(tensor: Tensor): ort.Tensor {
  const known = converted.get(tensor);
  if (known !== undefined) return known;
  const made =
    tensor.dtype === "float32"
      ? new ort.Tensor("float32", tensor.data, tensor.shape)
      : new ort.Tensor("int32", tensor.data, tensor.shape);
  converted.set(tensor, made);
  return made;
}

function fromOrtTensor(tensor: ort.Tensor): Tensor {
  const { data, dims } = tensor;
  if (data instanceof Float32Array) return { dtype: "float32", shape: dims, data };
  if (data instanceof Int32Array) return { dtype: "int32", shape: dims, data };
  throw new FutagoError(
    "model_unsupported",
    `Cannot read an output as it must be float32 or int32: current value is ${tensor.type}`,
  );
}

/**
 * onnxruntime-node copies every output into new memory, also one that was written where it was asked for. Twenty
 * megabytes of that a training step made the garbage collector mark the whole heap every fifth step, on the cores that
 * compute: 18.8 ms a step instead of 16.4. Detached, the copy is gone at once and the collector has no reason to run.
 */
function freeCopy({ data }: ort.Tensor): void {
  if (ArrayBuffer.isView(data) && data.buffer instanceof ArrayBuffer) data.buffer.transfer(0);
}

function asOrtTensors(tensors: Tensors): Record<string, ort.Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, asOrtTensor(tensor)]));
}

class OrtSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly #session: ort.InferenceSession;
  readonly #label: string;
  #closed = false;

  constructor(session: ort.InferenceSession, label: string) {
    this.#session = session;
    this.#label = label;
    this.inputNames = session.inputNames;
    this.outputNames = session.outputNames;
  }

  async run(inputs: Tensors, outputs: Tensors = {}): Promise<Tensors> {
    if (this.#closed) throw new TypeError(`Cannot run "${this.#label}" as it must be open: it is closed`);
    const handedIn = asOrtTensors(outputs);
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const name of this.outputNames) fetches[name] = handedIn[name] ?? null;
    const results = await this.#session.run(asOrtTensors(inputs), fetches).catch((cause: unknown) => {
      // A model that loaded fails only over what it is given: names, types, shapes, rows outside a table.
      throw new RangeError(
        `Cannot run "${this.#label}" as its inputs and outputs must fit it: ${String(cause)}`,
        {
          cause,
        },
      );
    });
    return Object.fromEntries(
      this.outputNames.map((name) => {
        const given = outputs[name];
        if (given === undefined) return [name, fromOrtTensor(results[name]!)];
        freeCopy(results[name]!);
        return [name, given];
      }),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#session.release();
  }
}

async function load(
  model: Uint8Array,
  options: OrtOptions,
  { name = "model" }: LoadOptions,
): Promise<Session> {
  try {
    return new OrtSession(await ort.InferenceSession.create(model, sessionOptions(options)), name);
  } catch (cause) {
    // ONNX Runtime tells the two apart in its message alone.
    const damaged = /protobuf|pointer is null/i.test(String(cause));
    throw new FutagoError(
      damaged ? "bundle_corrupt" : "model_unsupported",
      `Cannot load "${name}" as ONNX Runtime must accept it: ${String(cause)}`,
      { cause },
    );
  }
}

/**
 * ONNX Runtime in this process.
 *
 * @param options Where to compute.
 * @returns The runtime.
 * @throws FutagoError `device_unavailable` where this machine has not the device.
 *
 * @example
 * ```ts
 * import { createOrtRuntime } from "futago/ort-node";
 * const runtime = await createOrtRuntime({ device: "cpu" });
 * ```
 */
export async function createOrtRuntime(options: OrtOptions = {}): Promise<Runtime> {
  const { device = "cpu", threads } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads > 0)) {
    throw new RangeError(
      `Cannot start ONNX Runtime as threads must be a whole number above 0: current value is ${threads}`,
    );
  }
  // From 1.29 on ONNX Runtime reports its use to its maker unless this is set before its first session. What viewers
  // watch is sensitive: nothing that runs beside it may call out. Whoever wants the reports sets it to "0".
  process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
  await probe(options, device);
  return Object.freeze({
    name: `onnxruntime-node/${device}`,
    load: (model: Uint8Array, loadOptions: LoadOptions = {}) => load(model, options, loadOptions),
  });
}

/** Runs the smallest model once: whether a device is there shows only when a session is made. */
async function probe(options: OrtOptions, device: OrtDevice): Promise<void> {
  const x = input("x", [1]);
  const model = emitOnnx({ name: "probe", inputs: [x], outputs: { y: add(x, x) } });
  // ONNX Runtime writes of a missing driver to the error stream; the error thrown below says it better.
  ort.env.logLevel = "fatal";
  try {
    const session = await ort.InferenceSession.create(model, sessionOptions(options));
    await session.run({ x: new ort.Tensor("float32", Float32Array.of(1), [1]) });
    await session.release();
  } catch (cause) {
    throw new FutagoError(
      "device_unavailable",
      `Cannot compute on device "${device}" as ONNX Runtime must find it on this machine: ${advice[device]}`,
      { cause, details: { device } },
    );
  }
}
