import type { BlobStore, Clock } from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";
import type { FittedFeatures } from "../features/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import { loadTowers, type ServedHeads, type TowerConfig } from "../towers/mod.ts";
import { type Bundle, writeBundle } from "./bundle.ts";
import { fitFallback } from "./fallback.ts";
import { bundleNames, findTwin } from "./find-twin.ts";
import { createGolden } from "./golden.ts";
import type { ImportedTowersConfig } from "./import-config.ts";
import { defaultSemanticVersion } from "./label-version.ts";
import type { DataWindow } from "./manifest.ts";
import { nextVersionName } from "./version-name.ts";
import type { ModelVersion, VersionStore } from "./version-store.ts";

/** Of a trained model what is deployed; `TrainedModel` has all of it. */
export interface DeployableModel {
  readonly features: FittedFeatures;
  readonly towerConfig: TowerConfig | ImportedTowersConfig;
  /** The training configuration, for the record. */
  readonly trainingConfig: object;
  /** What training made of its likes, for the record. */
  readonly labels?: object;
  readonly userOnnx: Uint8Array;
  readonly itemOnnx: Uint8Array;
  readonly heads?: ServedHeads | undefined;
}

/** What is known about a model besides itself. */
export interface RegisterOptions {
  /** What it was trained from: gives the fallback, the golden inputs and the data window. */
  readonly dataset: Dataset;
  /** @default "" */
  readonly description?: string;
  /** Metrics by name, from evaluation. @default {} */
  readonly metrics?: Readonly<Record<string, number>>;
}

/** Where versions are recorded. */
export interface Registry {
  /** Where bundles are registered. */
  readonly blobs: BlobStore;
  /** Where instances read them; perhaps the same. */
  readonly served: BlobStore;
  readonly versions: VersionStore;
}

/**
 * Writes the bundle of a model and records it as a candidate. The same towers again are the same version.
 *
 * @param registry Where to; what opens the towers, and the time.
 * @param registered The model and what is known about it.
 * @returns Its row.
 */
export async function registerModel(
  registry: Registry & { readonly runtime: Runtime; readonly clock: Clock },
  registered: RegisterOptions & { readonly model: DeployableModel },
): Promise<ModelVersion> {
  const { blobs, versions, runtime, clock } = registry;
  const { model, dataset, description = "", metrics = {} } = registered;
  const twin = await findTwin(blobs, model);
  if (twin !== undefined) {
    return (await versions.get(twin.manifest.version)) ?? recordVersion(registry, twin);
  }
  const known = await versions.list();
  const createdAt = clock.now();
  const taken = [...known.map((row) => row.version), ...(await bundleNames(blobs))];
  const version = nextVersionName(taken, createdAt);
  const { features, userOnnx, itemOnnx, heads } = model;
  const towers = await loadTowers(runtime, { features, userOnnx, itemOnnx });
  const parent = (await versions.active())?.version ?? null;
  try {
    const golden = await createGolden(towers, dataset.items, { asOf: createdAt, heads });
    const written = await writeBundle(blobs, {
      manifest: {
        version,
        createdAt,
        description,
        parent,
        preset: model.towerConfig.preset,
        dims: towers.dims,
        featureSchemaHash: features.schemaHash,
        training: {
          ...model.trainingConfig,
          towers: model.towerConfig,
          ...(model.labels && { labels: model.labels }),
        },
        dataWindow: dataWindowOf(dataset),
        metrics,
      },
      features,
      userOnnx,
      itemOnnx,
      heads,
      fallback: fitFallback(dataset),
      golden,
    });
    return await recordVersion(registry, written);
  } finally {
    await towers.close();
  }
}

/**
 * Records a bundle as a candidate, under the next semantic version.
 *
 * @param registry Where to.
 * @param bundle Its manifest.
 * @returns The row.
 */
export async function recordVersion(
  { blobs, served, versions }: Registry,
  { manifest, manifestHash }: Pick<Bundle, "manifest" | "manifestHash">,
): Promise<ModelVersion> {
  const { version, dims, preset, metrics, parent, description, createdAt } = manifest;
  const facts = { version, dims, preset, manifestHash, metrics, parent, description, createdAt };
  for (let attempt = 1; ; attempt++) {
    const semanticVersion = await defaultSemanticVersion(manifest, await versions.list(), [blobs, served]);
    const row = { ...facts, semanticVersion };
    try {
      await versions.add(row);
      return { ...row, status: "candidate", activatedAt: null };
    } catch (error) {
      // One that was registered at the same moment has it: the next one is free.
      const taken = (await versions.list()).some((other) => other.semanticVersion === semanticVersion);
      if (!taken || attempt === 5) throw error;
    }
  }
}

/**
 * The window of a dataset: first and last event, and how many there are.
 *
 * @param dataset Any.
 * @returns What the manifest records.
 */
export function dataWindowOf(dataset: Dataset): DataWindow {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const at of dataset.events.at) {
    from = Math.min(from, at);
    to = Math.max(to, at);
  }
  const events = dataset.events.at.length;
  return {
    from: events === 0 ? null : from,
    to: events === 0 ? null : to,
    items: dataset.items.length,
    people: dataset.people.length,
    events,
  };
}
