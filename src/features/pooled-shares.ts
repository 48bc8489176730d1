import { declaredIn } from "./encode-users.ts";
import type { EncodedRows, Histories } from "./encoded.ts";
import type { FittedFeatures } from "./fitted.ts";
import { spread } from "./pooling.ts";
import { createSignalScratch, eventWindow, readSignals } from "./signals.ts";
import { declaredRows } from "./taste.ts";

/**
 * How much of an entry of a pooled feature came from one item that the viewer liked, watched or refused, or from what they
 * said they like.
 */
export interface PooledShare {
  /** Row of the table: the entry's `index`. */
  readonly index: number;
  /** Row of the item among the encoded items; absent: it was said. */
  readonly item?: number;
  /** Above 0; those of an entry add up to 1. */
  readonly share: number;
}

/**
 * Leads the entries of pooled features (histories, distributions) back to what they were pooled from.
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
  const declared = declaredIn(fitted);
  const shares: Record<string, readonly PooledShare[]> = {};
  for (const feature of user) {
    if (feature.kind !== "history" && feature.kind !== "distribution") continue;
    const signals = feature.signal === "nope" ? scratch.nope : scratch.positive;
    const bag = items.bags[feature.of]!;
    const parts: PooledShare[] = [];
    const totals = new Map<number, number>();
    const add = (part: PooledShare): void => {
      parts.push(part);
      totals.set(part.index, (totals.get(part.index) ?? 0) + part.share);
    };
    const said = declared.get(feature.name);
    const entries = said === undefined ? [] : declaredRows(histories.fields[0]!, said.field, said.rows);
    for (const index of entries) add({ index, share: said!.weight / entries.length });
    for (let i = 0; i < signals.count; i++) {
      const item = signals.item[i]!;
      const weight = signals.weight[i]!;
      const scale = feature.kind === "distribution" ? spread(weight, item, bag) : weight;
      for (let k = bag.offsets[item]!; k < bag.offsets[item + 1]!; k++) {
        const index = bag.indices[k]!;
        add({ index, item, share: scale * bag.weights[k]! });
      }
    }
    shares[feature.name] = parts
      .map((part) => ({ ...part, share: part.share / totals.get(part.index)! }))
      .filter(({ share }) => share > 0);
  }
  return shares;
}
