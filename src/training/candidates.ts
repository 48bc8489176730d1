import type { Random } from "../base/mod.ts";
import { type CandidateBatch, CandidateGrid, forRow } from "./candidate-grid.ts";
import { inclusionProbability, ownInclusion } from "./inclusion-probability.ts";
import { mixedSampler, type NegativeSampler } from "./negative-sampler.ts";
import type { Preferences } from "./positives.ts";
import type { TrainingConfig } from "./training-config.ts";

/** Where the candidates of each step come from. */
export interface CandidateSource {
  /** The same items at every step, the whole catalogue, so that the softmax is exact; undefined where sampled. */
  readonly fixed: Int32Array | undefined;
  /** Whether batches carry an offset. */
  readonly hasOffset: boolean;
  /** The candidates for a batch of viewers. The arrays are valid until the next call. */
  draw(users: Int32Array, random: Random): CandidateBatch;
}

/** What {@link candidateSource} is given beside the preferences. */
export interface CandidateOptions {
  /** Items of the catalogue. */
  readonly items: number;
  /** Viewers with positives. */
  readonly users: Int32Array;
  readonly config: Pick<
    TrainingConfig,
    | "batchUsers"
    | "candidateItems"
    | "loss"
    | "maxCandidates"
    | "maxPositives"
    | "nopeWeight"
    | "popularShare"
    | "sampledNegatives"
  >;
}

/** Takes an item out of a denominator: e^-1e9 is 0, and unlike -∞ it leaves gradients finite. */
const removed = -1e9;

/**
 * Chooses between the whole catalogue and a shared sample, by the size of the catalogue.
 *
 * @param preferences What each viewer took and refused.
 * @param options Sizes and how to draw.
 * @returns The source.
 */
export function candidateSource(preferences: Preferences, options: CandidateOptions): CandidateSource {
  const counts = new Float64Array(options.items);
  for (const user of options.users) {
    forRow(preferences.positives.offsets, user, (e) => counts[preferences.positives.indices[e]!]!++);
  }
  const eligible = Uint8Array.from(counts, (n) => (n > 0 || options.config.candidateItems === "all" ? 1 : 0));
  const all = Int32Array.from(eligible.keys()).filter((j) => eligible[j] === 1);
  if (all.length <= options.config.maxCandidates) return wholeCatalogue(preferences, options, all);
  return sharedSample(preferences, options, { counts, eligible });
}

function wholeCatalogue(
  preferences: Preferences,
  options: CandidateOptions,
  items: Int32Array,
): CandidateSource {
  const { config } = options;
  const hasOffset = config.loss === "softmax_single" || config.nopeWeight !== 1;
  const grid = new CandidateGrid(options.items, hasOffset);
  grid.setItems(items);
  return {
    fixed: items,
    hasOffset,
    draw: (users) => {
      grid.clear(users.length);
      for (const [row, user] of users.entries()) {
        grid.refuse(row, user, preferences, config.nopeWeight);
        forRow(preferences.positives.offsets, user, (e) => {
          const j = preferences.positives.indices[e]!;
          grid.setTarget(row, j, preferences.positives.weights[e]!);
          if (config.loss === "softmax_single") grid.setOffset(row, j, removed);
        });
      }
      return grid.batch();
    },
  };
}

/**
 * Positives of the batch's viewers ∪ drawn negatives, shared by all. The denominator Σ_j e^{z_j} over the catalogue is
 * estimated by Σ_{j in set} e^{z_j} / π_uj (Horvitz & Thompson 1952), π_uj being the chance that j is in the set given
 * that u is in the batch: hence logits are offset by -log π_uj. A viewer's own positive that always enters has π = 1
 * and gets no correction, which is what "Correcting the LogQ Correction" (arXiv 2507.09331) asks for; the usual
 * correction wrongly treats it as sampled.
 */
function sharedSample(
  preferences: Preferences,
  options: CandidateOptions,
  catalogue: { readonly counts: Float64Array; readonly eligible: Uint8Array },
): CandidateSource {
  const { config, users: population } = options;
  const { positives } = preferences;
  const sampler: NegativeSampler = mixedSampler(catalogue.counts, {
    popularShare: config.popularShare,
    eligible: catalogue.eligible,
  });
  const others = inclusionProbability(positives, {
    users: population,
    batchUsers: config.batchUsers,
    maxPositives: config.maxPositives,
    proposal: sampler.probability,
    draws: config.sampledNegatives,
  });
  const correction = Float32Array.from(others, (p) => -Math.log(Math.max(p, 1e-12)));
  const grid = new CandidateGrid(options.items, true);
  return {
    fixed: undefined,
    hasOffset: true,
    draw: (users, random) => {
      const chosen = Array.from(users, (user) =>
        choose(positives.offsets, user, config.maxPositives, random),
      );
      const present = new Uint8Array(options.items);
      for (const entries of chosen) for (const e of entries) present[positives.indices[e]!] = 1;
      for (let d = 0; d < config.sampledNegatives; d++) present[sampler.draw(random)] = 1;
      grid.setItems(Int32Array.from(present.keys()).filter((j) => present[j] === 1));
      grid.clear(users.length);
      for (const [row, user] of users.entries()) {
        grid.fillOffset(row, correction);
        grid.refuse(row, user, preferences, config.nopeWeight);
        const count = positives.offsets[user + 1]! - positives.offsets[user]!;
        const own = ownInclusion(count, config.maxPositives);
        forRow(positives.offsets, user, (e) => {
          const j = positives.indices[e]!;
          // π_uj = 1 - (1 - own)(1 - π_j); a positive is never a negative of its own viewer in `softmax_single`.
          const inclusion = 1 - (1 - own) * (1 - others[j]!);
          grid.setOffset(row, j, config.loss === "softmax_single" ? removed : -Math.log(inclusion));
        });
        // Weighted up so that the sum over the chosen estimates the sum over all.
        for (const e of chosen[row]!) grid.setTarget(row, positives.indices[e]!, positives.weights[e]! / own);
      }
      return grid.batch();
    },
  };
}

/** Entries of a row, at most `limit`, a uniform subset where there are more. */
function choose(offsets: Int32Array, row: number, limit: number, random: Random): Int32Array {
  const from = offsets[row]!;
  const entries = Int32Array.from({ length: offsets[row + 1]! - from }, (_, at) => from + at);
  if (entries.length <= limit) return entries;
  for (let i = 0; i < limit; i++) {
    const j = i + random.integer(entries.length - i);
    const swap = entries[i]!;
    entries[i] = entries[j]!;
    entries[j] = swap;
  }
  return entries.subarray(0, limit);
}
