import { type BlobStore, type Clock, FutagoError, isFutagoError, type Progress } from "../base/mod.ts";
import type { Runtime } from "../onnx/mod.ts";
import { readManifest } from "./bundle.ts";
import { askedSemanticVersion } from "./label-version.ts";
import { type LoadedModel, loadModel } from "./load-model.ts";
import { bundleBytes } from "./manifest.ts";
import { pruneVersions } from "./prune-versions.ts";
import { type PublishedBundle, publishBundle } from "./publish-bundle.ts";
import {
  type DeployableModel,
  type RegisterOptions,
  recordVersion,
  registerModel,
} from "./register-model.ts";
import type { SemanticBump } from "./semantic-version.ts";
import { unregistered } from "./version-problems.ts";
import type { ModelVersion, VersionStore } from "./version-store.ts";

/** What {@link createDeployer} works with. */
export interface DeployerDeps {
  /** Where training puts bundles. */
  readonly blobs: BlobStore;
  /** Where instances read bundles, where that is another place, such as object storage. @default blobs */
  readonly published?: BlobStore;
  readonly versions: VersionStore;
  readonly runtime: Runtime;
  /** Further runtimes that must give the recorded vectors before a version goes active: those it will run on. */
  readonly gates?: readonly Runtime[];
  readonly clock: Clock;
  /** Versions kept, the active and the previous one among them. @default 10 */
  readonly maxVersions?: number;
  /**
   * How long a version is kept after it was active, in milliseconds, as an instance may be answering from it still.
   *
   * @default 60000
   */
  readonly graceMs?: number;
  /** Called with the opened model before it goes active: embed the catalogue here, so that it can answer at once. */
  readonly prepare?: (model: LoadedModel) => Promise<void>;
  /**
   * Whether a version can answer as it is: then rolling back switches to it first and prepares it afterwards.
   *
   * @default never
   */
  readonly isPrepared?: (model: LoadedModel) => Promise<boolean>;
  /** Told what failed after a switch, which stands: embedding after a rollback, pruning after a promotion. */
  readonly onUnfinished?: (error: FutagoError) => void;
  readonly progress?: Progress;
}

/** Options of {@link Deployer.deploy}. */
export interface DeployOptions {
  /** Says otherwise what the version is. */
  readonly description?: string;
  /** Which part of the highest semantic version goes up, or the whole of it: `2.1.0`. */
  readonly semver?: SemanticBump | (string & {});
  /** Whether it goes active, or is only uploaded. @default true */
  readonly promote?: boolean;
}

/** What {@link Deployer.deploy} did. */
export interface DeployedVersion {
  readonly version: ModelVersion;
  /** Absent where instances read where training writes. */
  readonly published?: PublishedBundle;
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
  /**
   * Records a version whose bundle is here, if another database registered it; labels, uploads and promotes it. Killed
   * at any point and run again, it goes on where it was.
   */
  deploy(version: string, options?: DeployOptions): Promise<DeployedVersion>;
  /**
   * Uploads a version, opens and checks it on every runtime, prepares it, makes it the active one, and prunes.
   * Idempotent.
   */
  promote(version: string): Promise<ModelVersion>;
  /** Makes the version that was active before the active one again: at once, where it can answer as it is. */
  rollBack(): Promise<ModelVersion>;
  /** Newest first. */
  list(): Promise<readonly ModelVersion[]>;
  /** Checks hashes, schema and parity without changing anything. */
  verify(version: string): Promise<VerifiedVersion>;
  /**
   * Removes the oldest versions beyond `maxVersions`, with their vectors and bundles; returns their names. What was
   * active until `graceMs` ago stays.
   */
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
  const { blobs, versions, runtime, clock, maxVersions = 10, graceMs = 60_000 } = deps;
  const served = deps.published ?? blobs;
  if (!Number.isInteger(maxVersions) || maxVersions < 2) {
    throw new RangeError(
      `Cannot keep versions as maxVersions must be a whole number from 2: current value is ${maxVersions}`,
    );
  }

  /** The row of a version; where another database registered it, the row is written from its bundle. */
  async function adopt(version: string): Promise<ModelVersion> {
    const row = await versions.get(version);
    const bundle = await readManifest(blobs, version, {}).catch((error: unknown) => {
      if (isFutagoError(error) && error.code === "bundle_missing") return undefined;
      throw error;
    });
    if (bundle === undefined) return row ?? requireVersion(version);
    if (row === undefined) return recordVersion({ blobs, served, versions }, bundle);
    if (row.manifestHash === bundle.manifestHash) return row;
    throw new FutagoError(
      "bundle_corrupt",
      `Cannot deploy version "${version}" as the bundle here must be the registered one: it is another of the same name; ` +
        "restore it, or train again with this database",
      { details: { version, file: "manifest.json" } },
    );
  }

  async function requireVersion(version: string): Promise<ModelVersion> {
    const row = await versions.get(version);
    if (row !== undefined) return row;
    throw unregistered("open", version);
  }

  async function publish({ version, manifestHash }: ModelVersion): Promise<PublishedBundle | undefined> {
    const { published: to, progress } = deps;
    if (to === undefined || to === blobs) return undefined;
    return publishBundle(version, { from: blobs, to, manifestHash, ...(progress && { progress }) });
  }

  async function open({ version, manifestHash }: ModelVersion): Promise<LoadedModel> {
    return loadModel({ runtime, blobs: served }, version, { manifestHash });
  }

  async function deploy(version: string, options: DeployOptions = {}): Promise<DeployedVersion> {
    const { description, semver, promote: active = true } = options;
    const row = await adopt(version);
    const others = (await versions.list()).filter((other) => other.version !== version);
    await versions.relabel(version, {
      ...(description === undefined ? {} : { description }),
      ...(semver === undefined ? {} : { semanticVersion: askedSemanticVersion(semver, others) }),
    });
    const published = await publish(row);
    return {
      version: active ? await activate(row) : await requireVersion(version),
      ...(published && { published }),
    };
  }

  async function promote(version: string): Promise<ModelVersion> {
    const row = await requireVersion(version);
    await publish(row);
    return activate(row);
  }

  /** From a published version to the active one. */
  async function activate(row: ModelVersion): Promise<ModelVersion> {
    const { version, manifestHash } = row;
    for (const gate of deps.gates ?? []) {
      await (await loadModel({ runtime: gate, blobs: served }, version, { manifestHash })).close();
    }
    const model = await open(row);
    try {
      await deps.prepare?.(model);
    } finally {
      await model.close();
    }
    await versions.activate(version);
    await afterSwitch(prune);
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
    const model = await open(previous);
    try {
      if (!(await deps.isPrepared?.(model))) return await promote(previous.version);
      await versions.activate(previous.version);
      // What came to the catalogue while another version served; until then it follows behind what was found.
      await afterSwitch(async () => deps.prepare?.(model));
    } finally {
      await model.close();
    }
    return requireVersion(previous.version);
  }

  async function verify(version: string): Promise<VerifiedVersion> {
    const row = await requireVersion(version);
    const model = await open(row).catch((error: unknown) => {
      // Not published yet: it may be whole all the same.
      if (!isFutagoError(error) || error.code !== "bundle_missing") throw error;
      return loadModel({ runtime, blobs }, version, { manifestHash: row.manifestHash });
    });
    await model.close();
    return { version, bytes: bundleBytes(model.manifest), parity: model.parity };
  }

  const prune = (): Promise<readonly string[]> =>
    pruneVersions({ stores: [...new Set([blobs, served])], versions, clock, maxVersions, graceMs });

  // No failure of the command: who repeated a rollback for it would be back where they began.
  async function afterSwitch(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isFutagoError(error)) throw error;
      deps.onUnfinished?.(error);
    }
  }

  return Object.freeze({
    register: (model: DeployableModel, options: RegisterOptions) =>
      registerModel({ blobs, served, versions, runtime, clock }, { model, ...options }),
    deploy,
    promote,
    rollBack,
    list: () => versions.list(),
    verify,
    prune,
  });
}
