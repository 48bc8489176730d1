import type { ItemFilter } from "../embeddings/mod.ts";
import type { ReasonLanguage } from "./reasons/wording.ts";
import type { Variety } from "./variety.ts";

/** Options of `InferenceEngine.recommend`. */
export interface RecommendOptions extends Variety {
  /** How many, 1-1000. @default 20 */
  readonly limit?: number;
  /** Items to leave out besides what was seen, refused or withdrawn. */
  readonly exclude?: readonly string[];
  /**
   * Ranks these instead of searching the catalogue. Seen ones stay in, as the caller chose them; unknown, withdrawn
   * and excluded ones are left out.
   */
  readonly candidates?: readonly string[];
  /** What an item must be; with `candidates` it is not asked. */
  readonly filter?: ItemFilter;
  /** The caller has proof of the viewer's age, such as a signed claim: the profile need not say it. @default false */
  readonly ageConfirmed?: boolean;
  /**
   * Gives each item its reasons, in this language; then at most 100 items. An answer from memory has none, nor one of a
   * version that cannot say (imported towers, towers that read a sequence).
   * @default no reasons
   */
  readonly explain?: ReasonLanguage;
}

/** Options of `InferenceEngine.score`. */
export interface ScoreOptions {
  /** As for {@link RecommendOptions}. @default false */
  readonly ageConfirmed?: boolean;
  /** How many to return. @default all */
  readonly topK?: number;
}
