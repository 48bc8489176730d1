import { createMemoryBlobStore } from "../src/base/mod.ts";
import { createMemoryCatalogue } from "../src/catalogue/mod.ts";
import { createMemoryVectorStore, embedCatalogue } from "../src/embeddings/mod.ts";
import { createPortableRuntime } from "../src/onnx/mod.ts";
import { createDeployer, createMemoryVersionStore, type LoadedModel } from "../src/registry/mod.ts";
import { testNow, tinyCatalogue, tinyModel } from "./tiny-model.ts";

/** A filled catalogue, empty registry and vectors, all in memory, and a clock that a test moves. */
export function tinyWorld() {
  const store = createMemoryCatalogue(tinyCatalogue());
  const vectors = createMemoryVectorStore(store);
  const versions = createMemoryVersionStore();
  const blobs = createMemoryBlobStore();
  const runtime = createPortableRuntime();
  const clock = { time: testNow, now: () => clock.time };
  const prepare = async ({ towers, version }: LoadedModel): Promise<void> => {
    await embedCatalogue({ towers, version, store, vectors });
  };
  const deployer = createDeployer({ blobs, versions, runtime, clock, prepare, maxVersions: 3 });
  /** Registers and promotes a model. */
  const deploy = async (seed: number): Promise<string> => {
    const { model, dataset } = tinyModel(seed);
    const { version } = await deployer.register(model, { dataset });
    await deployer.promote(version);
    return version;
  };
  return { store, vectors, versions, blobs, runtime, clock, deployer, deploy };
}
