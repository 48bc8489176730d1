import type { Csr } from "../base/mod.ts";
import type { BagLayout, EncodedRows } from "../features/mod.ts";
import { sequenceItems, type TowerLayouts, type TowerSide } from "../towers/mod.ts";

/**
 * How one bag is summed in the training graph, and which rows of its tables the graph holds.
 *
 * - `multi_hot`: a matrix of weights × the block of table rows. Dense products are what the hardware does best, and
 *   the gradient is a product too.
 * - `aligned`: row n of the block belongs to row n of the batch, times its weight. For item ids: nothing is multiplied.
 * - `gather`: padded indices into the block. For content bags whose matrix would be too large.
 */
export interface BagPlan {
  readonly side: TowerSide;
  readonly layout: BagLayout;
  readonly formulation: "aligned" | "gather" | "multi_hot";
  /** `whole` table, `fixed` rows chosen once, or the rows that each `batch` needs. */
  readonly residency: "batch" | "fixed" | "whole";
  /** Of `fixed`: table row by block row; -1 stands for none. */
  readonly rows: Int32Array | undefined;
}

/** What {@link planBags} is given. */
export interface PlanOptions {
  readonly layouts: TowerLayouts;
  /** The whole catalogue. */
  readonly items: EncodedRows;
  /** The candidates of every step, where they are always the same. */
  readonly candidates: Int32Array | undefined;
  /** Largest table that stays whole. */
  readonly denseRows: number;
}

/** Largest multi-hot matrix of an item bag, in elements: 64 MB. */
const largestMatrix = 16_777_216;

/**
 * Chooses formulation and residency of every bag.
 *
 * @param options Layouts, catalogue, candidates and the limit.
 * @returns One plan per bag, users' first, and one for the items of a sequence.
 */
export function planBags(options: PlanOptions): readonly BagPlan[] {
  const { layouts, items, candidates, denseRows } = options;
  const residencyOf = (layout: BagLayout) => (layout.vocabulary <= denseRows ? "whole" : "batch");
  const users = layouts.user.bags.map((layout): BagPlan => {
    return {
      side: "user",
      layout,
      formulation: "multi_hot",
      residency: residencyOf(layout),
      rows: undefined,
    };
  });
  const { sequence } = layouts.user;
  if (sequence !== undefined) {
    const layout = sequenceItems(sequence);
    users.push({
      side: "user",
      layout,
      formulation: "gather",
      residency: residencyOf(layout),
      rows: undefined,
    });
  }
  const ofItems = layouts.item.bags.map((layout): BagPlan => {
    const bag = items.bags[layout.name]!;
    if (layout.role === "id" && isOneToOne(bag, layout.vocabulary)) {
      const rows = candidates === undefined ? undefined : alignedRows(bag, candidates);
      return { side: "item", layout, formulation: "aligned", residency: rows ? "fixed" : "batch", rows };
    }
    const count = candidates?.length ?? denseRows;
    const formulation =
      count * Math.min(layout.vocabulary, denseRows) <= largestMatrix ? "multi_hot" : "gather";
    return { side: "item", layout, formulation, residency: residencyOf(layout), rows: undefined };
  });
  return [...users, ...ofItems];
}

/**
 * The table row of each item in a bag of ids; -1 where it has none.
 *
 * @param bag At most one entry per row.
 * @param items Rows of the bag.
 * @returns As long as `items`.
 */
export function alignedRows(bag: Csr, items: Int32Array): Int32Array {
  return items.map((item) => {
    const from = bag.offsets[item]!;
    return from < bag.offsets[item + 1]! ? bag.indices[from]! : -1;
  });
}

function isOneToOne(bag: Csr, vocabulary: number): boolean {
  const seen = new Uint8Array(vocabulary);
  for (let row = 0; row + 1 < bag.offsets.length; row++) {
    if (bag.offsets[row + 1]! - bag.offsets[row]! > 1) return false;
  }
  for (const index of bag.indices) {
    if (seen[index] === 1) return false;
    seen[index] = 1;
  }
  return true;
}
