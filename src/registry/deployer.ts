import { type BlobStore, type Clock, FutagoError } from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";
import type { FittedFeatures } from "../features/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import { loadTowers, type TowerConfig } from "../towers/mod.ts";
import { type Bundle, bundlePath, writeBundle } from "./bundle.ts";
import { fitFallback } from "./fallback.ts";
import { bundleNames, findTwin } from "./find-twin.ts";
import { createGolden } from "./golden.ts";
import { type LoadedModel, loadModel } from "./load-model.ts";
import { bundleFiles, type DataWindow } from "./manifest.ts";
import { nextVersionName, versionDay } from "./version-name.ts";
import type { ModelVersion, VersionStore } from "./version-store.ts";

/** What {@link createDeployer} works with. */
export interface DeployerDeps {
  readonly blobs: BlobStore;
  readonly versions: VersionStore;
  readonly runtime: Runtime;
  readonly clock: Clock;
  /** Versions kept, the active and the previous one among them. @default 10 */
  readonly maxVersions?: number;
  /** Called with the opened model before it goes active: embed the catalogue here, so that it can answer at once. */
  readonly prepare?: (model: LoadedModel) => Promise<void>;
}

/** Of a trained model what is deployed; `TrainedModel` has all of it. */
export interface DeployableModel {
  readonly features: FittedFeatures;
  readonly towerConfig: TowerConfig;
  /** The training configuration, for the record. */
  readonly trainingConfig: object;
  readonly userOnnx: Uint8Array;
  readonly itemOnnx: Uint8Array;
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

/** What {@link Deployer.verify} found. */
export interface VerifiedVersion {
  readonly version: string;
  /** All files together. */
  readonly bytes: number;
  /** Largest difference between a vector and the recorded one. */
  readonly parity: number;
}

/** From a trained model to the one that serves, and back. */
export interface Deployer {
  /**
   * Writes the bundle, records the version as a candidate, and returns it. The same towers again are the same version:
   * training that was killed after registering can simply be run again.
   */
  register(model: DeployableModel, options: RegisterOptions): Promise<ModelVersion>;
  /** Opens and checks a version, prepares it, makes it the active one, and prunes. Idempotent. */
  promote(version: string): Promise<ModelVersion>;
  /** Makes the version that was active before the active one again. */
  rollBack(): Promise<ModelVersion>;
  /** Newest first. */
  list(): Promise<readonly ModelVersion[]>;
  /** Checks hashes, schema and parity without changing anything. */
  verify(version: string): Promise<VerifiedVersion>;
  /** Removes the oldest versions beyond `maxVersions`, with their vectors and bundles; returns their names. */
  prune(): Promise<readonly string[]>;
}

/**
 * Puts models into service.
 *
 * @param deps Stores, runtime and clock.
 * @returns The deployer.
 *
 * @example
 * ```ts no-run
 * import { createDeployer, type Dataset, type DeployerDeps, type TrainedModel } from "futago";
 * declare const deps: DeployerDeps;
 * declare const [model, dataset]: [TrainedModel, Dataset];
 * const deployer = createDeployer(deps);
 * const { version } = await deployer.register(model, { dataset });
 * await deployer.promote(version);
 * ```
 */
export function createDeployer(deps: DeployerDeps): Deployer {
  const { blobs, versions, runtime, clock, maxVersions = 10 } = deps;
  if (!Number.isInteger(maxVersions) || maxVersions < 2) {
    throw new RangeError(
      `Cannot keep versions as maxVersions must be a whole number from 2: current value is ${maxVersions}`,
    );
  }

  async function register(model: DeployableModel, options: RegisterOptions): Promise<ModelVersion> {
    const twin = await findTwin(blobs, model);
    if (twin !== undefined) return (await versions.get(twin.manifest.version)) ?? record(twin);
    const known = await versions.list();
    const createdAt = clock.now();
    const taken = [...known.map((row) => row.version), ...(await bundleNames(blobs))];
    const version = nextVersionName(taken, createdAt);
    const { features, userOnnx, itemOnnx } = model;
    const towers = await loadTowers(runtime, { features, userOnnx, itemOnnx });
    const parent = (await versions.active())?.version ?? null;
    const { description = "", metrics = {}, dataset } = options;
    try {
      const golden = await createGolden(towers, dataset.items, { asOf: createdAt });
      const written = await writeBundle(blobs, {
        manifest: {
          version,
          createdAt,
          description,
          parent,
          preset: model.towerConfig.preset,
          dims: towers.dims,
          featureSchemaHash: features.schemaHash,
          training: { ...model.trainingConfig, towers: model.towerConfig },
          dataWindow: dataWindowOf(dataset),
          metrics,
        },
        features,
        userOnnx,
        itemOnnx,
        fallback: fitFallback(dataset),
        golden,
      });
      return await record(written);
    } finally {
      await towers.close();
    }
  }

  async function record({
    manifest,
    manifestHash,
  }: Pick<Bundle, "manifest" | "manifestHash">): Promise<ModelVersion> {
    const { version, dims, preset, metrics, parent, description, createdAt } = manifest;
    const row = { version, dims, preset, manifestHash, metrics, parent, description, createdAt };
    await versions.add(row);
    return { ...row, status: "candidate", activatedAt: null };
  }

  async function requireVersion(version: string): Promise<ModelVersion> {
    const row = await versions.get(version);
    if (row !== undefined) return row;
    throw new FutagoError(
      "not_found",
      `Cannot open version "${version}" as it must be registered: run futago models list to see which are`,
      { details: { version } },
    );
  }

  async function promote(version: string): Promise<ModelVersion> {
    const row = await requireVersion(version);
    const model = await loadModel({ runtime, blobs }, version, { manifestHash: row.manifestHash });
    try {
      await deps.prepare?.(model);
    } finally {
      await model.close();
    }
    await versions.activate(version);
    await prune();
    return requireVersion(version);
  }

  async function rollBack(): Promise<ModelVersion> {
    const previous = await versions.previous();
    if (previous === undefined) {
      throw new FutagoError(
        "not_found",
        "Cannot roll back as a version must have been active before: there is none; promote another one by name",
      );
    }
    return promote(previous.version);
  }

  async function verify(version: string): Promise<VerifiedVersion> {
    const row = await requireVersion(version);
    const model = await loadModel({ runtime, blobs }, version, { manifestHash: row.manifestHash });
    await model.close();
    const bytes = bundleFiles.reduce((sum, file) => sum + model.manifest.files[file].bytes, 0);
    return { version, bytes, parity: model.parity };
  }

  async function prune(): Promise<readonly string[]> {
    const all = await versions.list();
    const previous = (await versions.previous())?.version;
    const needed = all.filter((row) => row.status === "active" || row.version === previous);
    const others = all.filter((row) => !needed.includes(row));
    const removed = others.slice(Math.max(0, maxVersions - needed.length)).map((row) => row.version);
    for (const version of removed) {
      await versions.remove(version);
      await blobs.remove(bundlePath(version));
    }
    await removeOrphans([...all.map((row) => row.version)]);
    return removed;
  }

  // A bundle without a row was left by a killed register; a day's grace spares one that is being registered now.
  async function removeOrphans(known: readonly string[]): Promise<void> {
    const yesterday = versionDay(clock.now() - 86_400_000);
    for (const name of await bundleNames(blobs)) {
      if (/^\d{4}\.\d{2}\.\d{2}-\d+$/.test(name) && name < yesterday && !known.includes(name)) {
        await blobs.remove(bundlePath(name));
      }
    }
  }

  return Object.freeze({ register, promote, rollBack, list: () => versions.list(), verify, prune });
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
