import type { Manifest } from "../registry/mod.ts";
import { type TowerOptions, type TowerPreset, towerPresets } from "../towers/mod.ts";

/**
 * The towers to train after a version.
 *
 * @param parent The version's manifest.
 * @returns Its preset and width; after an import, the preset that trains in minutes.
 */
export function towersLike({ preset, dims }: Pick<Manifest, "preset" | "dims">): TowerOptions {
  return { preset: Object.hasOwn(towerPresets, preset) ? (preset as TowerPreset) : "lite", dims };
}
