import type { TrainingConfig } from "./training-config.ts";

/**
 * The share of item ids left out at one step: from `idDropoutStart` in a straight line to the towers' share, which is
 * reached after `idDropoutShare` of all steps. A high start makes the towers place items by content first; what content
 * cannot tell then goes into the ids.
 *
 * @param config The start, and over how much of training.
 * @param at The towers' `idDropout`, and the share of all steps that is done, 0-1.
 * @returns 0-1.
 */
export function idDropoutAt(
  config: Pick<TrainingConfig, "idDropoutStart" | "idDropoutShare">,
  at: { readonly end: number; readonly done: number },
): number {
  const { idDropoutStart: start, idDropoutShare: share } = config;
  if (start === null || at.done >= share) return at.end;
  return start + (at.end - start) * (at.done / share);
}
