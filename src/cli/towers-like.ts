import type { Manifest } from "../registry/mod.ts";
import { type TowerOptions, type TowerPreset, tasks, towerPresets } from "../towers/mod.ts";
import type { TrainingOptions } from "../training/mod.ts";

/**
 * The towers to train after a version.
 *
 * @param parent The version's manifest.
 * @returns Its preset and width; after an import, the preset that trains in minutes.
 */
export function towersLike({ preset, dims }: Pick<Manifest, "preset" | "dims">): TowerOptions {
  return { preset: Object.hasOwn(towerPresets, preset) ? (preset as TowerPreset) : "lite", dims };
}

/**
 * The heads to train after a version, so that a value formula finds what it found.
 *
 * @param parent The version's manifest.
 * @returns Loss weights of the heads it has.
 */
export function headsLike({ training }: Pick<Manifest, "training">): TrainingOptions {
  return Object.fromEntries(
    tasks.flatMap((task) => {
      const name = `${task}HeadWeight` as const;
      const weight = training[name];
      return typeof weight === "number" && weight > 0 ? [[name, weight] as const] : [];
    }),
  );
}
