import type { Dataset } from "../catalogue/mod.ts";
import { splitCold } from "./protocols/cold.ts";
import { splitLast } from "./protocols/last.ts";
import { splitRandom } from "./protocols/random.ts";
import { splitStrong } from "./protocols/strong.ts";
import { splitTemporal } from "./protocols/temporal.ts";
import type { ViewerOrder } from "./reorder-events.ts";
import type { ProtocolName, ProtocolOptions, Split } from "./split.ts";

/** Options of {@link splitBy}. */
export interface SplitByOptions extends ProtocolOptions {
  /** Read by `last` alone. */
  readonly order?: ViewerOrder;
}

const protocols: Readonly<Record<ProtocolName, (dataset: Dataset, options: SplitByOptions) => Split>> = {
  strong: splitStrong,
  last: splitLast,
  temporal: splitTemporal,
  random: splitRandom,
  cold: splitCold,
};

/**
 * Splits by a protocol's name.
 *
 * @param dataset What is split.
 * @param protocol Which question is asked.
 * @param options Seed, share, order.
 * @returns The split.
 * @throws RangeError When an order is given to another protocol than `last`, a share to `last`, or nobody is left to test on.
 */
export function splitBy(dataset: Dataset, protocol: ProtocolName, options: SplitByOptions = {}): Split {
  if (options.order !== undefined && protocol !== "last") {
    throw new RangeError(
      `Cannot follow a given order as only the protocol "last" has one: current value is "${protocol}"`,
    );
  }
  if (options.testShare !== undefined && protocol === "last") {
    throw new RangeError(
      `Cannot hold out a share in the protocol "last" as it holds out one like of each person: current value is ${options.testShare}; leave it out`,
    );
  }
  return protocols[protocol](dataset, options);
}
