import type { EncodedRows, Histories } from "./encoded.ts";
import type { FittedFeatures } from "./fitted.ts";
import { spread } from "./pooling.ts";
import { createSignalScratch, eventWindow, readSignals } from "./signals.ts";

/** How much of an entry of a pooled feature came from one item that the viewer liked, watched or refused. */
export interface PooledShare {
  /** Row of the table: the entry's `index`. */
  readonly index: number;
  /** Row of the item among the encoded items. */
  readonly item: number;
  /** Above 0; those of an entry add up to 1. */
  readonly share: number;
}

/**
 * Leads the entries of pooled features (histories, distributions) back to the items they were pooled from.
 *
 * @param fitted As fitted or read from a bundle.
 * @param histories Of one viewer, as given to `encodeUsers`.
 * @param options The encoded items that `histories.item` counts in.
 * @returns The shares by feature; features that pool nothing are not in it.
 * @throws RangeError For histories of more or less than one viewer.
 */
export function pooledShares(
  fitted: FittedFeatures,
  histories: Histories,
  { items }: { readonly items: EncodedRows },
): Readonly<Record<string, readonly PooledShare[]>> {
  const viewers = histories.offsets.length - 1;
  if (viewers !== 1) {
    throw new RangeError(
      `Cannot share out a history as it must be of one viewer: current value is ${viewers}`,
    );
  }
  const { history, user } = fitted.schema;
  const scratch = createSignalScratch(items.rows, history.limit);
  readSignals(histories, eventWindow(histories, 0, history.maxEvents), {
    ...{ history, itemRows: items.rows, keep: undefined, scratch },
  });
  const shares: Record<string, readonly PooledShare[]> = {};
  for (const feature of user) {
    if (feature.kind !== "history" && feature.kind !== "distribution") continue;
    const signals = feature.signal === "nope" ? scratch.nope : scratch.positive;
    const bag = items.bags[feature.of]!;
    const parts: PooledShare[] = [];
    const totals = new Map<number, number>();
    for (let i = 0; i < signals.count; i++) {
      const item = signals.item[i]!;
      const weight = signals.weight[i]!;
      const scale = feature.kind === "distribution" ? spread(weight, item, bag) : weight;
      for (let k = bag.offsets[item]!; k < bag.offsets[item + 1]!; k++) {
        const index = bag.indices[k]!;
        const share = scale * bag.weights[k]!;
        parts.push({ index, item, share });
        totals.set(index, (totals.get(index) ?? 0) + share);
      }
    }
    shares[feature.name] = parts
      .map((part) => ({ ...part, share: part.share / totals.get(part.index)! }))
      .filter(({ share }) => share > 0);
  }
  return shares;
}
