import type { Random } from "../base/mod.ts";
import type { Availability } from "./availability.ts";
import { type CandidateBatch, CandidateGrid, forRow, removed } from "./candidate-grid.ts";
import { inclusionProbability, ownInclusion } from "./inclusion-probability.ts";
import { mixedSampler, type NegativeSampler } from "./negative-sampler.ts";
import { pairNegatives } from "./paired-negatives.ts";
import type { Preferences } from "./positives.ts";
import type { TrainingConfig } from "./training-config.ts";

/** Where the candidates of each step come from. */
export interface CandidateSource {
  /** The same items at every step, the whole catalogue, so that the softmax is exact; undefined where sampled. */
  readonly fixed: Int32Array | undefined;
  /** Whether batches carry an offset. */
  readonly hasOffset: boolean;
  /** Share of the catalogue that the negatives of a viewer are drawn to, over 0 up to 1: α of gBCE. */
  readonly samplingRate: number;
  /** By item, 1 for what may be a candidate. */
  readonly eligible: Uint8Array;
  /** By item, what the loss adds to its logits; undefined where nothing. */
  readonly adjustment: Float32Array | undefined;
  /** Draws hard negatives by new counts of near neighbours, one per item; undefined where none are drawn. */
  readonly harden: ((mined: Float32Array) => void) | undefined;
  /** The candidates for a batch of viewers. The arrays are valid until the next call. */
  draw(users: Int32Array, random: Random): CandidateBatch;
}

/** What {@link candidateSource} is given beside the preferences. */
export interface CandidateOptions {
  /** Items of the catalogue. */
  readonly items: number;
  /** Viewers with positives. */
  readonly users: Int32Array;
  /** Needed for `bce`. */
  readonly availability?: Availability;
  readonly config: Pick<
    TrainingConfig,
    | "batchUsers"
    | "bceNegatives"
    | "candidateItems"
    | "hardShare"
    | "loss"
    | "maxCandidates"
    | "maxPositives"
    | "nopeWeight"
    | "popularityDiscount"
    | "popularShare"
    | "sampledNegatives"
  >;
}

/** What may be a candidate, and what negatives are drawn by once near neighbours are known. */
interface Catalogue {
  readonly eligible: Uint8Array;
  readonly adjustment: Float32Array | undefined;
  readonly items: Int32Array;
  readonly sampler: (mined?: Float32Array) => NegativeSampler;
}

/**
 * Chooses between the whole catalogue and a shared sample, by the size of the catalogue.
 *
 * @param preferences What each viewer took and refused.
 * @param options Sizes and how to draw.
 * @returns The source.
 */
export function candidateSource(preferences: Preferences, options: CandidateOptions): CandidateSource {
  const { config } = options;
  const counts = new Float64Array(options.items);
  for (const user of options.users) {
    forRow(preferences.positives.offsets, user, (e) => counts[preferences.positives.indices[e]!]!++);
  }
  const eligible = Uint8Array.from(counts, (n) => (n > 0 || config.candidateItems === "all" ? 1 : 0));
  const mix = { popularShare: config.popularShare, hardShare: config.hardShare, eligible };
  const discount = config.popularityDiscount;
  const catalogue: Catalogue = {
    eligible,
    adjustment: discount === 0 ? undefined : Float32Array.from(counts, (n) => discount * Math.log(n + 1)),
    items: Int32Array.from(eligible.keys()).filter((j) => eligible[j] === 1),
    sampler: (mined) => mixedSampler(counts, { ...mix, ...(mined && { mined }) }),
  };
  if (catalogue.items.length <= config.maxCandidates) return wholeCatalogue(preferences, options, catalogue);
  return sharedSample(preferences, options, catalogue);
}

function wholeCatalogue(
  preferences: Preferences,
  options: CandidateOptions,
  catalogue: Catalogue,
): CandidateSource {
  const { config } = options;
  const { items, eligible, adjustment } = catalogue;
  const hasOffset = config.loss !== "softmax" || config.nopeWeight !== 1;
  const grid = new CandidateGrid(options.items, hasOffset);
  grid.setItems(items);
  const pairing = pairNegatives(grid, preferences, options);
  let sampler = catalogue.sampler();
  const harden = (mined: Float32Array): void => {
    sampler = catalogue.sampler(mined);
  };
  return {
    fixed: items,
    hasOffset,
    samplingRate: 1,
    eligible,
    adjustment,
    harden: pairing === undefined || config.hardShare === 0 ? undefined : harden,
    draw: (users, random) => {
      grid.clear(users.length);
      for (const [row, user] of users.entries()) {
        forRow(preferences.positives.offsets, user, (e) => {
          const j = preferences.positives.indices[e]!;
          grid.setTarget(row, j, preferences.positives.weights[e]!);
          if (config.loss !== "softmax") grid.setOffset(row, j, removed);
        });
        pairing?.(row, user, { draw: () => sampler.draw(random) });
        grid.refuse(row, user, preferences, config.nopeWeight);
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
  catalogue: Catalogue,
): CandidateSource {
  const { config, users: population } = options;
  const { positives } = preferences;
  const { sampledNegatives, maxPositives } = config;
  const drawnBy = (sampler: NegativeSampler) => {
    const others = inclusionProbability(positives, {
      users: population,
      batchUsers: config.batchUsers,
      maxPositives,
      proposal: sampler.probability,
      draws: sampledNegatives,
    });
    return { sampler, others, correction: Float32Array.from(others, (p) => -Math.log(Math.max(p, 1e-12))) };
  };
  let current = drawnBy(catalogue.sampler());
  const harden = (mined: Float32Array): void => {
    current = drawnBy(catalogue.sampler(mined));
  };
  const grid = new CandidateGrid(options.items, true);
  const pairing = pairNegatives(grid, preferences, options);
  return {
    fixed: undefined,
    hasOffset: true,
    samplingRate: Math.min(1, sampledNegatives / Math.max(1, catalogue.items.length - 1)),
    eligible: catalogue.eligible,
    adjustment: catalogue.adjustment,
    harden: config.hardShare === 0 ? undefined : harden,
    draw: (users, random) => {
      const { sampler, others, correction } = current;
      const chosen = Array.from(users, (user) => choose(positives.offsets, user, maxPositives, random));
      const pool = Int32Array.from({ length: sampledNegatives }, () => sampler.draw(random));
      const present = new Uint8Array(options.items);
      for (const entries of chosen) for (const e of entries) present[positives.indices[e]!] = 1;
      for (const j of pool) present[j] = 1;
      grid.setItems(Int32Array.from(present.keys()).filter((j) => present[j] === 1));
      grid.clear(users.length);
      for (const [row, user] of users.entries()) {
        grid.fillOffset(row, correction);
        const count = positives.offsets[user + 1]! - positives.offsets[user]!;
        const own = ownInclusion(count, maxPositives);
        forRow(positives.offsets, user, (e) => {
          const j = positives.indices[e]!;
          // π_uj = 1 - (1 - own)(1 - π_j); a positive is a negative of its own viewer in `softmax` alone.
          const inclusion = 1 - (1 - own) * (1 - others[j]!);
          grid.setOffset(row, j, config.loss === "softmax" ? -Math.log(inclusion) : removed);
        });
        // Weighted up so that the sum over the chosen estimates the sum over all.
        for (const e of chosen[row]!) grid.setTarget(row, positives.indices[e]!, positives.weights[e]! / own);
        const draw = (): number => pool[random.integer(pool.length)]!;
        pairing?.(row, user, { draw, entries: chosen[row]!, scale: 1 / own });
        grid.refuse(row, user, preferences, config.nopeWeight);
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
