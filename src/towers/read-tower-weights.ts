import { parseOnnx } from "../onnx/mod.ts";
import { type TowerSide, temperatureParameter } from "./tower-parameters.ts";

/** A learned array as a served tower holds it. */
export interface TowerArray {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/**
 * Reads the learned arrays back from a tower that `exportTower` wrote.
 *
 * The temperature, which no node reads, is taken from the metadata; towers written by earlier versions have none.
 *
 * @param side Which tower.
 * @param onnx Its bytes.
 * @returns Arrays by parameter name; none for a tower that was made elsewhere.
 * @throws FutagoError `bundle_corrupt` for bytes that are no model.
 */
export function readTowerWeights(side: TowerSide, onnx: Uint8Array): ReadonlyMap<string, TowerArray> {
  const arrays = new Map<string, TowerArray>();
  const { initializers, metadata } = parseOnnx(onnx);
  for (const [name, { shape, data }] of Object.entries(initializers)) {
    if (name.startsWith(`${side}.`) && data instanceof Float32Array) arrays.set(name, { shape, data });
  }
  const temperature = Number(metadata[temperatureParameter] ?? Number.NaN);
  if (Number.isFinite(temperature)) {
    arrays.set(temperatureParameter, { shape: [1, 1], data: Float32Array.of(temperature) });
  }
  return arrays;
}
