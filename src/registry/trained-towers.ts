import { resolveTowerConfig, type TowerConfig } from "../towers/mod.ts";
import type { Manifest } from "./manifest.ts";

/**
 * The shape of a version's towers.
 *
 * @param manifest Of the version.
 * @returns Complete and checked; undefined where they were imported.
 */
export function trainedTowers({ training }: Pick<Manifest, "training">): TowerConfig | undefined {
  const shape = training["towers"] as Partial<TowerConfig> | undefined;
  if (shape?.kind !== "tower_config") return undefined;
  // Versions of before there were linear parts do not speak of them.
  return resolveTowerConfig({ linearDims: 0, ...shape });
}
