export {
  type Bundle,
  type BundleSource,
  bundlePath,
  maxBundleBytes,
  type ReadBundleOptions,
  readBundle,
  readFallback,
  writeBundle,
} from "./bundle.ts";
export {
  createDeployer,
  type DeployableModel,
  type Deployer,
  type DeployerDeps,
  dataWindowOf,
  type RegisterOptions,
  type VerifiedVersion,
} from "./deployer.ts";
export { type Fallback, type FitFallbackOptions, fitFallback, scoreLinear } from "./fallback.ts";
export {
  type CreateGoldenOptions,
  checkParity,
  createGolden,
  type Golden,
  measureParity,
  parityTolerance,
} from "./golden.ts";
export { type LoadedModel, loadModel, type ModelSource } from "./load-model.ts";
export { type BundleFile, bundleFiles, type DataWindow, type Manifest, parseManifest } from "./manifest.ts";
export { createMemoryVersionStore } from "./memory-version-store.ts";
export { isVersionName, nextVersionName, versionDay } from "./version-name.ts";
export type { ModelVersion, VersionStatus, VersionStore } from "./version-store.ts";
