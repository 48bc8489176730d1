import { type BlobStore, createMemoryBlobStore } from "../src/base/mod.ts";
import {
  type CatalogueStore,
  createMemoryCatalogue,
  createMemoryPersonRecords,
  type PersonRecords,
} from "../src/catalogue/mod.ts";
import { createMemoryVectorStore, embedCatalogue, type VectorStore } from "../src/embeddings/mod.ts";
import { createPortableRuntime } from "../src/onnx/mod.ts";
import {
  createDeployer,
  createMemoryVersionStore,
  type LoadedModel,
  type VersionStore,
} from "../src/registry/mod.ts";
import { type TinyModelKind, testNow, tinyCatalogue, tinyModel, tinySequenceModel } from "./tiny-model.ts";

/** Empty stores in memory. */
export function tinyStores(): TinyStores {
  const store = createMemoryCatalogue(tinyCatalogue());
  const vectors = createMemoryVectorStore(store);
  const people = createMemoryPersonRecords(store, { vectors });
  return { store, vectors, versions: createMemoryVersionStore(), people };
}

/** The stores of a world. */
export interface TinyStores {
  /** Filled with {@link tinyCatalogue}. */
  readonly store: CatalogueStore;
  readonly vectors: VectorStore;
  readonly versions: VersionStore;
  /** Absent: nobody can be erased or handed their records. */
  readonly people?: PersonRecords | undefined;
}

/**
 * A filled catalogue, empty registry and vectors, in memory unless others are given, and a clock that a test moves.
 * `published`: where bundles are uploaded to, if anywhere.
 */
export function tinyWorld(
  { store, vectors, versions, people }: TinyStores = tinyStores(),
  options: { readonly published?: BlobStore } = {},
) {
  const blobs = createMemoryBlobStore();
  const runtime = createPortableRuntime();
  const clock = { time: testNow, now: () => clock.time };
  const prepare = async ({ towers, version }: LoadedModel): Promise<void> => {
    await embedCatalogue({ towers, version, store, vectors });
  };
  const deployer = createDeployer({
    blobs,
    versions,
    runtime,
    clock,
    prepare,
    maxVersions: 3,
    graceMs: 0,
    ...options,
  });
  /** Registers and promotes a model. */
  const deploy = async (seed: number, kind: TinyModelKind = "pooled"): Promise<string> => {
    const { model, dataset } = kind === "sequence" ? tinySequenceModel(seed) : tinyModel(seed);
    const { version } = await deployer.register(model, { dataset });
    await deployer.promote(version);
    return version;
  };
  return { store, vectors, versions, people, blobs, runtime, clock, deployer, deploy };
}
