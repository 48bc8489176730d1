import { createOrtRuntime } from "../adapters/ort-node/mod.ts";
import { hasItemVectors } from "../embeddings/mod.ts";
import { createPortableRuntime, type Runtime } from "../onnx/mod.ts";
import { createDeployer, type Deployer } from "../registry/mod.ts";
import type { CliContext } from "./context.ts";
import { embedForPromotion } from "./embed-for-promotion.ts";
import type { Stores } from "./open-stores.ts";

/** Options of {@link openDeployer}. */
export interface OpenDeployerOptions {
  /** What opens the models. @default ONNX Runtime on the CPU */
  readonly runtime?: Runtime;
  /** @default 10 */
  readonly maxVersions?: number;
  /** Whether a promotion embeds viewers too. @default false */
  readonly viewers?: boolean;
}

/**
 * The deployer of the command line: registers at home, publishes to where models are served from, and lets nothing go
 * active that ONNX Runtime or the portable executor of edge functions would answer differently.
 *
 * @param context For progress and Ctrl-C.
 * @param stores Where everything is.
 * @param options How to open and what to keep.
 * @returns The deployer.
 */
export async function openDeployer(
  context: CliContext,
  stores: Stores,
  options: OpenDeployerOptions = {},
): Promise<Deployer> {
  const { database, home, blobs } = stores;
  const { maxVersions = 10, viewers = false } = options;
  return createDeployer({
    blobs: home,
    published: blobs,
    versions: database.versions,
    runtime: options.runtime ?? (await createOrtRuntime()),
    gates: [createPortableRuntime()],
    clock: Date,
    maxVersions,
    prepare: embedForPromotion(context, database, { viewers }),
    isPrepared: ({ version, towers }) => hasItemVectors(database.vectors, { version, dims: towers.dims }),
    onUnfinished: ({ message }) => context.say(`The version serves, but: ${message}`),
    progress: context.progress,
  });
}
