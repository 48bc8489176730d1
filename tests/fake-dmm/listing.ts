import type { DmmFacts } from "./facts.ts";

/** The items of the server, which may change while it runs. */
export interface DmmListing {
  /** Every item there is now. */
  all(): readonly DmmFacts[];
  /** Puts items, in place of those with the same floor and content id. */
  put(items: readonly DmmFacts[]): void;
  remove(items: readonly DmmFacts[]): void;
  /** Items of a floor dated from `gte` to `lte`, both included, newest first. */
  between(floor: string, window: { readonly gte: number; readonly lte: number }): readonly DmmFacts[];
}

/** A listing in memory. */
export function createListing(initial: readonly DmmFacts[]): DmmListing {
  const items = new Map<string, DmmFacts>();
  let sorted = new Map<string, readonly DmmFacts[]>();
  const keyOf = ({ floor, contentId }: DmmFacts): string => `${floor}/${contentId}`;
  const put = (list: readonly DmmFacts[]): void => {
    for (const item of list) items.set(keyOf(item), item);
    sorted = new Map();
  };
  put(initial);
  const floorItems = (floor: string): readonly DmmFacts[] => {
    const known = sorted.get(floor);
    if (known !== undefined) return known;
    const list = [...items.values()]
      .filter((item) => item.floor === floor)
      .sort((a, b) => b.at - a.at || (a.contentId < b.contentId ? -1 : 1));
    sorted.set(floor, list);
    return list;
  };
  return {
    all: () => [...items.values()],
    put,
    remove(list) {
      for (const item of list) items.delete(keyOf(item));
      sorted = new Map();
    },
    between(floor, { gte, lte }) {
      const list = floorItems(floor);
      // The first that is dated before `at`.
      const before = (at: number): number => {
        let [low, high] = [0, list.length];
        while (low < high) {
          const middle = (low + high) >> 1;
          if (list[middle]!.at < at) high = middle;
          else low = middle + 1;
        }
        return low;
      };
      return list.slice(before(lte + 1), before(gte));
    },
  };
}
