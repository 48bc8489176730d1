import type { CurvePoint, ValidationSet } from "../training/mod.ts";
import { firstViewers } from "./evaluation-set.ts";
import type { TrainingCurve } from "./report-data.ts";
import type { Split } from "./split.ts";

/** Viewers the trainer validates on: enough for a steady figure, few enough to do it often. */
const maxViewers = 1000;

/**
 * The validation part of a split in the form that training stops by.
 *
 * @param split Where it is taken from.
 * @returns At most 1,000 viewers; undefined in `cold`, whose validation items training must not know: there the
 * trainer holds out viewers of its own.
 */
export function trainingValidation(split: Split): ValidationSet | undefined {
  if (split.validation.candidates !== undefined) return undefined;
  const { given, held } = firstViewers(split.validation, maxViewers);
  return {
    given,
    targets: {
      offsets: held.offsets,
      indices: held.items,
      weights: new Float32Array(held.items.length).fill(1),
    },
  };
}

/**
 * The curves of a training, for the report.
 *
 * @param points As training gave them.
 * @returns The loss, and validation NDCG@10 where it was measured, by epoch.
 */
export function trainingCurves(points: readonly CurvePoint[]): readonly TrainingCurve[] {
  const validated = points.filter(({ ndcg }) => ndcg !== undefined);
  const epochs = (chosen: readonly CurvePoint[]): number[] => chosen.map(({ epoch }) => epoch);
  return [
    { name: "Validation NDCG@10", x: epochs(validated), y: validated.map(({ ndcg }) => ndcg!) },
    { name: "Training loss per positive", x: epochs(points), y: points.map(({ loss }) => loss) },
  ].filter(({ x }) => x.length > 0);
}
