import type { EvaluationReport } from "../../evaluation/mod.ts";

/** What a new model must hold to. */
export interface RetrainGate {
  /** What is compared. @default "ndcg@10" */
  readonly metric?: string;
  /** At least this share of the active version's coverage@10. @default 0.5 */
  readonly minCoverage?: number;
  /** Both towers together. @default 50000000 */
  readonly maxBytes?: number;
}

/** What is judged. */
export interface Retrained {
  /** Holds the models `new` and, where a version is active, `active` as its baseline, on the same split. */
  readonly report: EvaluationReport;
  readonly bytes: number;
}

/**
 * Whether a new model may take the place of the active one.
 *
 * @param retrained How both did, and how large the new one is.
 * @param gate What it must hold to.
 * @returns Why not, a reason each; empty where it may.
 */
export function judgeRetrained({ report, bytes }: Retrained, gate: RetrainGate = {}): readonly string[] {
  const { metric = "ndcg@10", minCoverage = 0.5, maxBytes = 50_000_000 } = gate;
  const reasons: string[] = [];
  if (bytes > maxBytes) reasons.push(`it is too large: ${bytes} of ${maxBytes} bytes`);
  const difference = report.differences.find(({ baseline }) => baseline === "active")?.metrics[metric];
  const [own, active] = ["new", "active"].map(
    (name) => report.models.find((model) => model.name === name)?.metrics,
  );
  if (difference === undefined || own === undefined || active === undefined) return reasons;
  // The whole interval of the paired difference lies below 0: that it is worse is not chance.
  if (difference.high < 0) {
    reasons.push(
      `it is worse than the active version: ${metric} ${own[metric]!.toFixed(4)} instead of ${active[metric]!.toFixed(4)}, ` +
        `difference ${difference.mean.toFixed(4)} (95 %: ${difference.low.toFixed(4)} to ${difference.high.toFixed(4)})`,
    );
  }
  const [covers, before] = [own["coverage@10"] ?? 0, active["coverage@10"] ?? 0];
  if (covers < minCoverage * before) {
    reasons.push(
      `it shows less of the catalogue: coverage@10 ${covers.toFixed(3)} instead of ${before.toFixed(3)}`,
    );
  }
  return reasons;
}
