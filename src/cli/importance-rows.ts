import type { FeatureImportance } from "../evaluation/mod.ts";
import { tableOf } from "./table.ts";

/**
 * The importance of features as a table.
 *
 * @param features The most important first.
 * @returns Lines.
 */
export function importanceRows(features: readonly FeatureImportance[]): readonly string[] {
  const rows = features.map(({ side, feature, mean, low, high }) => [
    side,
    feature,
    mean.toFixed(4),
    `${low.toFixed(4)} – ${high.toFixed(4)}`,
  ]);
  return tableOf([["side", "feature", "NDCG@10 lost", "95 %"], ...rows]);
}
