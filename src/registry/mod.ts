export {
  type Bundle,
  type BundleSource,
  bundlePath,
  maxBundleBytes,
  type ReadBundleOptions,
  readBundle,
  readFallback,
  readHeads,
  writeBundle,
} from "./bundle.ts";
export {
  compareRuntimes,
  onRuntime,
  type RuntimeComparison,
  type RuntimeDifference,
  type TowerOpener,
} from "./compare-runtimes.ts";
export {
  createDeployer,
  type DeployedVersion,
  type Deployer,
  type DeployerDeps,
  type DeployOptions,
  type VerifiedVersion,
} from "./deployer.ts";
export { type ExportedFiles, exportOnnx } from "./export-onnx.ts";
export { canExportTfjs, exportTfjs } from "./export-tfjs.ts";
export { type Fallback, type FitFallbackOptions, fitFallback, scoreLinear } from "./fallback.ts";
export { latestBundle } from "./find-twin.ts";
export {
  type CreateGoldenOptions,
  checkParity,
  createGolden,
  type Golden,
  measureParity,
  type ParityOptions,
  parityTolerance,
} from "./golden.ts";
export {
  type ImportConfig,
  type ImportConfigInput,
  type ImportedInput,
  type ImportedTower,
  type ImportedTowersConfig,
  parseImportConfig,
} from "./import-config.ts";
export {
  type ForeignTowers,
  type ImportedTowers,
  type ImportTowersOptions,
  importTowers,
} from "./import-towers.ts";
export { type ItemModel, loadItemModel } from "./load-item-model.ts";
export { type LoadedModel, loadModel, type ModelSource } from "./load-model.ts";
export {
  type BundleFile,
  bundleBytes,
  bundleFiles,
  type DataWindow,
  type FileEntry,
  filesOf,
  type Manifest,
  parseManifest,
} from "./manifest.ts";
export { createMemoryVersionStore } from "./memory-version-store.ts";
export { type PublishBundleOptions, type PublishedBundle, publishBundle } from "./publish-bundle.ts";
export { type DeployableModel, dataWindowOf, type RegisterOptions } from "./register-model.ts";
export {
  compareSemanticVersions,
  isSemanticVersion,
  nextSemanticVersion,
  type SemanticBump,
} from "./semantic-version.ts";
export { isVersionName, nextVersionName, versionDay } from "./version-name.ts";
export { semanticVersionTaken, unregistered } from "./version-problems.ts";
export type { ModelVersion, VersionLabel, VersionStatus, VersionStore } from "./version-store.ts";
