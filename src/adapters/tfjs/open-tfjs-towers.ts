import { FutagoError } from "../../base/mod.ts";
import type { Session, Tensor, Tensors } from "../../onnx/mod.ts";
import type { TensorFlow, TfArtifacts, TfModel } from "./import-tensorflow.ts";

interface LayersFile {
  readonly modelTopology: object;
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: TfArtifacts["weightSpecs"];
  }[];
}

/**
 * Opens what `exportTfjs` wrote, by TensorFlow.js itself.
 *
 * @param tf `@tensorflow/tfjs`, or what `importTensorFlow` gives.
 * @param files Contents by path.
 * @returns A session of each tower.
 * @throws FutagoError `bundle_corrupt` where a file is missing or TensorFlow.js refuses the model.
 *
 * @example
 * ```ts no-run
 * import { type Bundle, exportTfjs, towersOf } from "futago";
 * import { importTensorFlow, openTfjsTowers } from "futago/tfjs";
 * declare const bundle: Bundle;
 * const sessions = await openTfjsTowers(await importTensorFlow(), exportTfjs(bundle));
 * const towers = await towersOf(sessions, { features: bundle.features });
 * ```
 */
export async function openTfjsTowers(
  tf: TensorFlow,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<{ readonly user: Session; readonly item: Session }> {
  return {
    user: await openSession(tf, "user_tower", files),
    item: await openSession(tf, "item_tower", files),
  };
}

async function openSession(
  tf: TensorFlow,
  folder: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<Session> {
  try {
    const { modelTopology, weightsManifest } = JSON.parse(
      new TextDecoder().decode(fileOf(files, `${folder}/model.json`)),
    ) as LayersFile;
    const shards = weightsManifest.flatMap(({ paths }) =>
      paths.map((path) => fileOf(files, `${folder}/${path}`)),
    );
    const weightData = new Uint8Array(shards.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const shard of shards) {
      weightData.set(shard, at);
      at += shard.length;
    }
    const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
    const artifacts = { modelTopology, weightSpecs, weightData: weightData.buffer };
    return new TfjsSession(tf, await tf.loadLayersModel({ load: async () => artifacts }), folder);
  } catch (cause) {
    throw new FutagoError(
      "bundle_corrupt",
      `Cannot open "${folder}" as TensorFlow.js must accept it: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}

function fileOf(files: Readonly<Record<string, Uint8Array>>, path: string): Uint8Array {
  const bytes = Object.hasOwn(files, path) ? files[path] : undefined;
  if (bytes === undefined) throw new Error(`${path} is missing`);
  return bytes;
}

class TfjsSession implements Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[] = ["embedding"];
  readonly #tf: TensorFlow;
  readonly #label: string;
  #model: TfModel | undefined;

  constructor(tf: TensorFlow, model: TfModel, label: string) {
    this.#tf = tf;
    this.#model = model;
    this.#label = label;
    this.inputNames = model.inputNames;
  }

  async run(inputs: Tensors, outputs: Tensors = {}): Promise<Tensors> {
    const model = this.#model;
    if (model === undefined)
      throw new TypeError(`Cannot run "${this.#label}" as it must be open: it is closed`);
    const given = this.inputNames.map((name) => this.#input(name, inputs));
    const rows = given[0]?.shape[0] ?? 0;
    const tensors = given.map(({ data, shape, dtype }) => this.#tf.tensor(data, [...shape], dtype));
    const predicted = model.predict(tensors as never, { batchSize: Math.max(1, rows) });
    const result = Array.isArray(predicted) ? predicted[0]! : predicted;
    const data = Float32Array.from(await result.data());
    const { shape } = result;
    for (const tensor of [...tensors, result]) tensor.dispose();
    const target = outputs["embedding"];
    if (target === undefined) return { embedding: { dtype: "float32", shape, data } };
    target.data.set(data);
    return { embedding: target };
  }

  #input(name: string, inputs: Tensors): Tensor {
    const tensor = Object.hasOwn(inputs, name) ? inputs[name] : undefined;
    if (tensor === undefined)
      throw new TypeError(`Cannot run "${this.#label}" as its input "${name}" must be given: it is missing`);
    return tensor;
  }

  async close(): Promise<void> {
    this.#model?.dispose();
    this.#model = undefined;
  }
}
