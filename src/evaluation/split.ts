import type { Dataset, Item } from "../catalogue/mod.ts";
import type { Histories } from "../features/mod.ts";

/** How a history is divided into what a model may see and what it must find. */
export const protocolNames = ["strong", "last", "temporal", "random", "cold"] as const;

/** One of {@link protocolNames}. */
export type ProtocolName = (typeof protocolNames)[number];

/** A set of items per row: those of row `r` are `items[offsets[r] .. offsets[r + 1]]`, ascending, each once. */
export interface ItemSets {
  /** rows + 1 ascending positions. */
  readonly offsets: Int32Array;
  /** Indices into {@link Split.items}. */
  readonly items: Int32Array;
}

/** Viewers with what is given of them, what is held back, and what may be recommended to them. */
export interface EvaluationSet {
  /** Dataset index of each viewer; row `r` of everything below is `people[r]`. */
  readonly people: Int32Array;
  /** What a model may see; never an event with a held item. */
  readonly given: Histories;
  /** What it must find; at least one item in every row. */
  readonly held: ItemSets;
  /** What is taken out of the ranking; never a held item. */
  readonly seen: ItemSets;
  /** The only items that are ranked, ascending; every item where undefined. */
  readonly candidates: Int32Array | undefined;
}

/** A dataset divided by a protocol. Training reads `train`, chooses by `validation`; `test` is read once, at the end. */
export interface Split {
  readonly kind: "split";
  readonly protocol: ProtocolName;
  /** SHA-256 of protocol, parameters, seed and data: equal hashes mean the same question on the same data. */
  readonly hash: string;
  readonly seed: number;
  /** What the protocol was set to, by name, for the report. */
  readonly parameters: Readonly<Record<string, number | string>>;
  /** In one sentence, for a person: who is held out and what is asked. */
  readonly description: string;
  /** What recall@k is divided by: `min(k, held)` in `strong`, `held` elsewhere. */
  readonly recallDivisor: RecallDivisor;
  /** Every item that is ranked. Those of `train` come first, in the same order, so that indices agree. */
  readonly items: readonly Item[];
  /** People of the whole data; likes, for the report. */
  readonly users: number;
  /** Distinct likes of the whole data. */
  readonly interactions: number;
  readonly train: Dataset;
  readonly validation: EvaluationSet;
  readonly test: EvaluationSet;
}

/** What recall@k is divided by. */
export type RecallDivisor = "min(k, held)" | "held";

/**
 * A share in words: 0.1 is "10 %".
 *
 * @param share 0-1.
 * @returns Percent, rounded to a tenth.
 */
export const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** Options of every protocol. */
export interface ProtocolOptions {
  /** @default 42 */
  readonly seed?: number;
  /** Share of viewers (`strong`), likes (`random`), time (`temporal`) or items (`cold`) for test, and again for validation. @default 0.1 */
  readonly testShare?: number;
}
