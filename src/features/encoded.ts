import type { Csr } from "../base/mod.ts";

/** One bag feature: rows of a table, summed with weights. */
export interface BagLayout {
  readonly name: string;
  /** Rows of the embedding table. Row 0 stands for what was not seen at fitting ("unknown"). */
  readonly vocabulary: number;
  /** `id` bags are dropped at random in training so that unseen items work; `history` bags so that the tower generalises. */
  readonly role: "id" | "history" | "content";
  /** A history of refused items. Absent: of liked ones. */
  readonly refused?: true;
}

/** One feature's columns in the dense block. */
export interface DenseLayout {
  readonly name: string;
  readonly offset: number;
  readonly width: number;
  /**
   * What these columns hold for an item that fitting never saw; absent where they do not depend on that. A trainer
   * that drops ids writes these in the same rows, else the columns give away which items are new.
   */
  readonly unseen?: readonly number[];
}

/** A viewer's events in order. */
export interface SequenceLayout {
  readonly name: string;
  /** Rows of the table of items. Row 0 stands for the start and for what was not seen at fitting. */
  readonly vocabulary: number;
  /** Steps of a row at most: the start, then events. */
  readonly steps: number;
  /** How many kinds of event there are, and how many buckets of time between two. */
  readonly kinds: number;
  readonly gaps: number;
}

/** What the rows of one side look like: the contract between features and towers. */
export interface RowLayout {
  readonly denseWidth: number;
  readonly dense: readonly DenseLayout[];
  readonly bags: readonly BagLayout[];
  /** Absent where no feature is a sequence. */
  readonly sequence?: SequenceLayout;
}

/** Rows of steps, oldest first; each begins with a start. Row `r` holds steps `offsets[r] .. offsets[r + 1]`. */
export interface SequenceRows {
  readonly offsets: Int32Array;
  /** Row of each step's item in the table. */
  readonly items: Int32Array;
  /** Bucket of the time since the step before. */
  readonly gaps: Int32Array;
  readonly kinds: Int32Array;
}

/** Rows ready for a tower: one dense block and one sparse bag per bag feature. */
export interface EncodedRows {
  readonly rows: number;
  /** rows × denseWidth, row-major, finite everywhere. */
  readonly dense: Float32Array;
  /** By feature name, in the order of the layout. */
  readonly bags: Readonly<Record<string, Csr>>;
  /** Where the layout has one. */
  readonly sequence?: SequenceRows;
}

/**
 * What viewers did, as columns over an already encoded set of items, so that the same code serves a training batch
 * of 256 viewers and a single request.
 */
export interface Histories {
  /** users + 1 positions into the event columns; events of a user are oldest first. */
  readonly offsets: Int32Array;
  /** Row of each event's item in the encoded items handed in beside this. */
  readonly item: Int32Array;
  /** Index into `eventKinds`. */
  readonly kind: Uint8Array;
  /** Milliseconds since 1970. */
  readonly at: Float64Array;
  /** NaN where unknown. */
  readonly watchFraction: Float32Array;
  /** NaN where unknown; absent where no event tells. */
  readonly watchSeconds?: Float32Array;
  /** Per user: the moment the features are taken at; nothing later may be read. */
  readonly asOf: Float64Array;
  /** Per user: their fields (age range, region), and under `taste` what they said they like. */
  readonly fields: readonly Readonly<Record<string, unknown>>[];
}
