import type { Dataset } from "../catalogue/mod.ts";
import { type FeatureSchemaInput, fitFeatures } from "../features/mod.ts";
import { maxBundleBytes } from "../registry/mod.ts";
import { resolveTowerConfig, type TowerConfig, type TowerOptions, towerParameters } from "../towers/mod.ts";

/**
 * Refuses a training whose model could not be registered, before it has taken its time.
 *
 * @param dataset What is trained on: each liked item has a row of its own in the towers.
 * @param options The features and the towers.
 * @returns The towers as they would be trained, and the bytes of all learned arrays.
 * @throws RangeError When they are more than a bundle may hold.
 */
export function checkBundleSize(
  dataset: Dataset,
  options: { readonly schema: FeatureSchemaInput; readonly towers: TowerOptions },
): { readonly towers: TowerConfig; readonly bytes: number } {
  const { userLayout: user, itemLayout: item } = fitFeatures(options.schema, dataset);
  const towers = resolveTowerConfig(options.towers, { user, item });
  const parameters = towerParameters(towers, { user, item });
  const bytes = 4 * parameters.reduce((sum, { shape: [rows, columns] }) => sum + rows * columns, 0);
  if (bytes <= maxBundleBytes) return { towers, bytes };
  const { dims, preset } = towers;
  const fitting = Math.floor((dims * maxBundleBytes) / bytes / 8) * 8;
  throw new RangeError(
    `Cannot train ${preset} towers of ${dims} dimensions on this catalogue as a bundle must be at most ` +
      `${maxBundleBytes / 1024 / 1024} MB: it would be ${Math.ceil(bytes / 1024 / 1024)} MB; use --embedding-dim ${Math.max(8, fitting)} or less`,
  );
}
