import type { Fields } from "../catalogue/mod.ts";
import type { BagBuilder } from "./bag-builder.ts";
import type { BagLayout } from "./encoded.ts";

/** What field encoders read: an item, or a person without title and release. */
export interface FieldRow {
  readonly id: string;
  readonly title: string;
  readonly fields: Fields;
  readonly releasedAt?: number;
}

/** What fitting knows beside the rows themselves. */
export interface FitContext {
  /** Time of the last event of the fit data, in milliseconds since 1970: the moment ages are counted to. */
  readonly dataEnd: number;
  /** Likes of each row; zeros for people. */
  readonly likes: Int32Array;
  /** Likes and sufficiently watched views of each row; zeros for people. */
  readonly positives: Int32Array;
}

/** An encoder with its state, ready to run: writes the entries of one row. */
export interface BagEncoder {
  readonly kind: "bag";
  readonly vocabulary: number;
  readonly role: BagLayout["role"];
  encode(row: FieldRow, out: BagBuilder): void;
}

/** An encoder with its state, ready to run: writes `width` finite numbers from `offset` on, over zeros. */
export interface DenseEncoder {
  readonly kind: "dense";
  readonly width: number;
  /** See `DenseLayout.unseen`. */
  readonly unseen?: readonly number[];
  encode(row: FieldRow, out: Float32Array, offset: number): void;
}

/** Either kind. */
export type FieldEncoder = BagEncoder | DenseEncoder;
