import type { FittedFeatures } from "./fitted.ts";
import type { VocabularyState } from "./vocabulary.ts";

/**
 * What the rows of a bag's table stand for, so that the same entry is found in features that were fitted at another
 * time.
 *
 * @param fitted The features.
 * @param side Whose bag.
 * @param name The bag: a feature's name.
 * @returns Entry of each row from 1 on; undefined where a row's number alone says what it is (bands, hashed terms).
 */
export function bagEntries(
  fitted: FittedFeatures,
  side: "item" | "user",
  name: string,
): readonly string[] | undefined {
  const feature = fitted.schema[side].find((candidate) => candidate.name === name);
  // A viewer's history and distributions count in the rows of the item feature that they pool.
  if (feature !== undefined && "of" in feature) return bagEntries(fitted, "item", feature.of);
  if (feature === undefined || feature.kind === "band") return undefined;
  if (feature.kind === "text" && feature.vocabulary === "hashed") return undefined;
  const states = side === "item" ? fitted.itemStates : fitted.userStates;
  return (states[name] as VocabularyState).words;
}
