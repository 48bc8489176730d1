// Runs in Deno: one tower in one runtime, from its module to its first vector, and then warm. Prints what it took as JSON.

/** What the benchmark asks for, as the first argument. */
interface Asked {
  /** The runtime's module. */
  readonly module: string;
  /** ONNX Runtime's WebAssembly; absent for the portable executor. */
  readonly wasm?: string;
  readonly model: string;
  /** JSON: by name the type, the shape and the numbers. */
  readonly inputs: string;
  readonly warm: number;
}

type Inputs = Readonly<
  Record<
    string,
    { readonly dtype: "float32" | "int32"; readonly shape: number[]; readonly data: readonly number[] }
  >
>;

/** Of both runtimes' modules what is used here. */
interface RuntimeModule {
  createPortableRuntime(): {
    load(model: Uint8Array): Promise<{ run(inputs: object): Promise<unknown> }>;
  };
  readonly default: {
    readonly env: { readonly wasm: { numThreads: number; wasmBinary: Uint8Array } };
    readonly InferenceSession: {
      create(model: Uint8Array): Promise<{ run(inputs: object): Promise<unknown> }>;
    };
    readonly Tensor: new (dtype: string, data: Float32Array | Int32Array, shape: number[]) => object;
  };
}

declare const Deno: {
  readonly args: readonly string[];
  memoryUsage(): { readonly rss: number };
  readFile(path: string): Promise<Uint8Array>;
};

const asked = JSON.parse(Deno.args[0]!) as Asked;
const model = await Deno.readFile(asked.model);
const wasmBinary = asked.wasm === undefined ? undefined : await Deno.readFile(asked.wasm);
const inputs = JSON.parse(new TextDecoder().decode(await Deno.readFile(asked.inputs))) as Inputs;
const tensors = Object.entries(inputs).map(([name, { dtype, shape, data }]) => {
  return [
    name,
    { dtype, shape, data: dtype === "float32" ? Float32Array.from(data) : Int32Array.from(data) },
  ] as const;
});
const rssBefore = Deno.memoryUsage().rss;

const began = performance.now();
const module = (await import(asked.module)) as RuntimeModule;
const imported = performance.now();
const run = await open(module);
const opened = performance.now();
await run();
const first = performance.now();
const milliseconds: number[] = [];
for (let i = 0; i < asked.warm; i++) {
  const start = performance.now();
  await run();
  milliseconds.push(performance.now() - start);
}
console.log(
  JSON.stringify({
    importMs: imported - began,
    openMs: opened - imported,
    firstRunMs: first - opened,
    warmMs: milliseconds.toSorted((a, b) => a - b)[Math.floor(milliseconds.length / 2)],
    addedMb: (Deno.memoryUsage().rss - rssBefore) / 1e6,
  }),
);
process.exit(0);

async function open(from: RuntimeModule): Promise<() => Promise<unknown>> {
  if (wasmBinary === undefined) {
    const session = await from.createPortableRuntime().load(model);
    return () => session.run(Object.fromEntries(tensors));
  }
  const ort = from.default;
  // Deno has no workers of the kind that its threads need.
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = wasmBinary;
  const session = await ort.InferenceSession.create(model);
  const feeds = Object.fromEntries(
    tensors.map(([name, { dtype, data, shape }]) => [name, new ort.Tensor(dtype, data, shape)]),
  );
  return () => session.run(feeds);
}
