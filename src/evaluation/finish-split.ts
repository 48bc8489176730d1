import type { Dataset } from "../catalogue/mod.ts";
import { protocolHash } from "./fingerprint.ts";
import { likedItems } from "./liked-items.ts";
import type { EvaluationSet, Split } from "./split.ts";

/**
 * Adds to the parts of a split what every split has, and refuses one that measures nothing.
 *
 * @param dataset What was split, with the items as the split ranks them.
 * @param parts What the protocol decided.
 * @returns The split.
 * @throws RangeError When nobody is left to validate or test on.
 */
export function finishSplit(
  dataset: Dataset,
  parts: Omit<Split, "kind" | "hash" | "items" | "users" | "interactions">,
): Split {
  const likes = likedItems(dataset);
  const users = dataset.people.filter((_, p) => likes.offsets[p + 1]! > likes.offsets[p]!).length;
  for (const name of ["validation", "test"] as const) refuseEmpty(parts[name], name, parts.protocol);
  return Object.freeze({
    ...parts,
    kind: "split",
    hash: protocolHash(parts, dataset),
    items: dataset.items,
    users,
    interactions: likes.items.length,
  });
}

function refuseEmpty(set: EvaluationSet, name: string, protocol: string): void {
  if (set.people.length > 0) return;
  throw new RangeError(
    `Cannot evaluate by "${protocol}" as at least one viewer must have likes both given and held for ${name}: current value is 0. Bring more likes, or choose another protocol`,
  );
}
