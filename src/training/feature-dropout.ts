import type { Csr, Random } from "../base/mod.ts";
import { type EncodedRows, encodeItems, encodeUsers, type FittedFeatures } from "../features/mod.ts";
import type { TowerSide } from "../towers/mod.ts";

/** What {@link FeatureDropout} is given. */
export interface FeatureDropoutOptions {
  readonly features: FittedFeatures;
  /** The whole catalogue. */
  readonly items: EncodedRows;
}

/** A rectangle of a dense block, by row. */
interface DenseColumns {
  readonly name: string;
  readonly offset: number;
  readonly width: number;
}

/** The name under which one share is given for every content bag that is not named. */
const everyContentBag = "*";

/**
 * Takes a whole feature away from some rows of a training step, so that the towers do not come to lean on it: the row
 * reads what an item or a viewer has of whom nothing is known, as it will be read in serving.
 */
export class FeatureDropout {
  readonly #shares: ReadonlyMap<string, number>;
  /** One row a side, of nothing known. */
  readonly #missing: Readonly<Record<TowerSide, EncodedRows>>;
  readonly #dense: Readonly<Record<TowerSide, readonly DenseColumns[]>>;

  /**
   * @param shares By `user.<name>` and `item.<name>`, and `*`; 0-1.
   * @param options Features, and what their histories count in.
   * @throws RangeError When a name is no feature, or one of an id, which `idDropout` leaves out.
   */
  constructor(shares: Readonly<Record<string, number>>, { features, items }: FeatureDropoutOptions) {
    this.#shares = sharesByFeature(shares, features);
    this.#missing = {
      item: encodeItems(features, [{ id: "", title: "", fields: {} }]),
      user: encodeUsers(features, nobody, { items }),
    };
    const dropped = (side: TowerSide, columns: readonly DenseColumns[]) => {
      return columns.filter(({ name }) => this.#shares.has(`${side}.${name}`));
    };
    this.#dense = {
      item: dropped("item", features.itemLayout.dense),
      user: dropped("user", features.userLayout.dense),
    };
  }

  /**
   * Rows of a bag of which some are as if missing.
   *
   * @param feature Side and name.
   * @param source The bag, which of its rows (all where undefined), and the step's source.
   * @returns As many rows as were chosen; undefined where this feature is never dropped.
   */
  bag(
    { side, name }: { readonly side: TowerSide; readonly name: string },
    source: { readonly bag: Csr; readonly rows?: Int32Array; readonly random: Random },
  ): Csr | undefined {
    const share = this.#shares.get(`${side}.${name}`);
    if (share === undefined) return undefined;
    const random = source.random.fork(`${side}.${name}`);
    const { bag, rows } = source;
    const missing = this.#missing[side].bags[name]!;
    const count = rows?.length ?? bag.offsets.length - 1;
    const offsets = new Int32Array(count + 1);
    const indices: number[] = [];
    const weights: number[] = [];
    for (let at = 0; at < count; at++) {
      const [from, row] = random.next() < share ? [missing, 0] : [bag, rows === undefined ? at : rows[at]!];
      for (let e = from.offsets[row]!; e < from.offsets[row + 1]!; e++) {
        indices.push(from.indices[e]!);
        weights.push(from.weights[e]!);
      }
      offsets[at + 1] = indices.length;
    }
    return { offsets, indices: Int32Array.from(indices), weights: Float32Array.from(weights) };
  }

  /**
   * A dense block of which some columns are as if missing in some rows.
   *
   * @param side Whose.
   * @param block rows × width; not changed.
   * @param random The step's source.
   * @returns The block itself where nothing of it is ever dropped, else a copy.
   */
  dense(side: TowerSide, block: Float32Array, random: Random): Float32Array {
    if (this.#dense[side].length === 0) return block;
    const copy = block.slice();
    const missing = this.#missing[side].dense;
    for (const { name, offset, width } of this.#dense[side]) {
      const share = this.#shares.get(`${side}.${name}`)!;
      const draws = random.fork(`${side}.${name}`);
      for (let row = 0; row < block.length; row += missing.length) {
        if (draws.next() < share) copy.set(missing.subarray(offset, offset + width), row + offset);
      }
    }
    return copy;
  }
}

/** A viewer without events and fields. */
const nobody = {
  offsets: new Int32Array(2),
  item: new Int32Array(0),
  kind: new Uint8Array(0),
  at: new Float64Array(0),
  watchFraction: new Float32Array(0),
  asOf: new Float64Array(1),
  fields: [{}],
};

function sharesByFeature(
  shares: Readonly<Record<string, number>>,
  { itemLayout, userLayout }: FittedFeatures,
): ReadonlyMap<string, number> {
  const layouts = { user: userLayout, item: itemLayout };
  const found = new Map<string, number>();
  for (const side of ["user", "item"] as const) {
    const { bags, dense } = layouts[side];
    for (const { name, role } of bags) {
      const share = shares[`${side}.${name}`] ?? (role === "content" ? shares[everyContentBag] : undefined);
      if (role !== "id" && share !== undefined && share > 0) found.set(`${side}.${name}`, share);
    }
    for (const { name } of dense) {
      const share = shares[`${side}.${name}`];
      if (share !== undefined && share > 0) found.set(`${side}.${name}`, share);
    }
  }
  for (const [name, share] of Object.entries(shares)) {
    if (name === everyContentBag || share === 0 || found.has(name)) continue;
    throw new RangeError(
      `Cannot drop features as each must be one of the schema and no id: current value is "${name}"; write user.<name> or item.<name>, and use idDropout for ids`,
    );
  }
  return found;
}
