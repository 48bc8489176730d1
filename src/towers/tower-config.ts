import type { RowLayout } from "../features/mod.ts";
import { directionDims, linearBags } from "./linear-part.ts";

/** Non-linearity of the hidden layers. */
export type TowerActivation = "gelu" | "relu" | "tanh";

/** The shape of both towers: plain data, kept in the model's manifest. */
export interface TowerConfig {
  readonly kind: "tower_config";
  /** Which preset it started from. */
  readonly preset: TowerPreset;
  /** Width of the vectors that are stored and compared, 8-4096. Two of them carry the item bias. */
  readonly dims: number;
  /**
   * Numbers of them that are found in closed form beside those that are learned (with two more to bring vectors to unit
   * length), 0 for none: see `linearBags`.
   */
  readonly linearDims: number;
  /** Hidden layers of the user tower, first to last; empty for a linear tower. */
  readonly hidden: readonly number[];
  /** Hidden layers over the item's content; empty for a linear map. */
  readonly itemHidden: readonly number[];
  readonly activation: TowerActivation;
  /** Applied to both towers before they are brought to unit length. */
  readonly outputActivation: "none" | "tanh";
  /** Width of the vectors summed over a viewer's history. Equal to the learned direction's (`directionDims`) the sum reaches the output as it is. */
  readonly historyDims: number;
  /** Width of an item's own vector. */
  readonly idDims: number;
  /** Largest width of any other bag's vectors; a bag with a smaller vocabulary gets that. */
  readonly bagDims: number;
  /** Share of the events left out of each history at each step, 0-1. */
  readonly historyDropout: number;
  /** Share of the items whose own vector is left out at each step, so that content alone also works, 0-1. */
  readonly idDropout: number;
  /** Share of the units left out of each hidden layer, 0-1. */
  readonly hiddenDropout: number;
  /** Largest item bias on the scale of a cosine; 0 for none. */
  readonly biasLimit: number;
  /** What scores are divided by before they compete in the loss; where it is learned, where it starts. */
  readonly temperature: number;
  /** Whether training moves the temperature. Free, it falls until few negatives count, and the towers rank worse. */
  readonly learnTemperature: boolean;
  /** A user tower that knows order; absent: one that sums up a viewer's history. */
  readonly sequence?: SequenceConfig;
}

/** Blocks of self-attention over a viewer's events. How many events is said by the feature that they are read from. */
export interface SequenceConfig {
  /** Width of each step's vector; a multiple of `heads`. */
  readonly width: number;
  /** Blocks of attention and feed-forward, first to last. */
  readonly blocks: number;
  /** Attention heads of each block. */
  readonly heads: number;
  /** Width of the feed-forward layer inside each block. */
  readonly feedForward: number;
  /** Share of the numbers left out at the input and after each layer of a block while training, 0-1. */
  readonly dropout: number;
}

/**
 * `standard` for quality, `lite` for small machines and first tries; `sequence` and `sequence-lite` the same for a user
 * tower that knows the order of events, which needs a schema with a sequence.
 */
export type TowerPreset = "standard" | "lite" | "sequence" | "sequence-lite";

/** Changes to a preset. */
export interface TowerOptions extends Partial<Omit<TowerConfig, "kind" | "preset">> {
  /** @default "standard" */
  readonly preset?: TowerPreset;
}

const shared = {
  kind: "tower_config",
  linearDims: 0,
  itemHidden: [],
  activation: "gelu",
  outputActivation: "none",
  historyDropout: 0.5,
  hiddenDropout: 0,
  biasLimit: 1,
  temperature: 0.09,
  learnTemperature: false,
} as const satisfies Partial<TowerConfig>;

const ofSequence = {
  hidden: [],
  historyDims: 1,
  historyDropout: 0,
  idDropout: 0.1,
  temperature: 0.07,
  learnTemperature: true,
  sequence: Object.freeze({ width: 128, blocks: 2, heads: 1, feedForward: 256, dropout: 0.2 }),
} as const satisfies Partial<TowerConfig>;

/** The presets as they stand, to read or to vary. */
export const towerPresets: Readonly<Record<TowerPreset, TowerConfig>> = Object.freeze({
  standard: Object.freeze({
    ...shared,
    preset: "standard",
    dims: 768,
    linearDims: 253,
    hidden: [512, 512],
    historyDims: 510,
    idDims: 510,
    bagDims: 64,
    idDropout: 0.1,
  }),
  lite: Object.freeze({
    ...shared,
    preset: "lite",
    dims: 64,
    hidden: [128],
    historyDims: 62,
    idDims: 62,
    bagDims: 32,
    idDropout: 0.1,
  }),
  sequence: Object.freeze({
    ...shared,
    ...ofSequence,
    preset: "sequence",
    dims: 768,
    idDims: 128,
    bagDims: 64,
  }),
  "sequence-lite": Object.freeze({
    ...shared,
    ...ofSequence,
    preset: "sequence-lite",
    dims: 64,
    idDims: 62,
    bagDims: 32,
  }),
});

/**
 * A preset with changes, checked.
 *
 * Unless they are given, `historyDims` and `idDims` follow `dims`, and where a large catalogue would make the tables
 * of its items weigh more than 40 MB together, they are as narrow as that takes: a bundle has to fit an edge function.
 * `linearDims` is the preset's where at least twice as many are left for what is learned, else 0: few directions of a
 * closed form are worse than none.
 *
 * @param options What to change.
 * @param layouts What the towers will read; without it the size of the tables is not looked at.
 * @returns A frozen, complete configuration.
 * @throws RangeError When a number is out of its range.
 *
 * @example
 * ```ts
 * import { resolveTowerConfig } from "futago";
 * const config = resolveTowerConfig({ preset: "lite", dims: 128 });
 * config.historyDims; // 126, as presets with short vectors have no linear part
 * ```
 */
export function resolveTowerConfig(
  options: TowerOptions = {},
  layouts?: { readonly user: RowLayout; readonly item: RowLayout },
): TowerConfig {
  const { preset = "standard", ...changes } = options;
  const base = towerPresets[preset];
  if (base === undefined) {
    throw new RangeError(
      `Cannot resolve towers as the preset must be ${Object.keys(towerPresets).join(", ")}: current value is "${preset}"`,
    );
  }
  const dims = changes.dims ?? base.dims;
  const affordable = layouts === undefined ? Number.POSITIVE_INFINITY : affordableWidth(layouts);
  const room = dims >= 3 * base.linearDims && affordable >= 2 * base.linearDims;
  const readable = layouts === undefined || linearBags(layouts) !== undefined;
  const linearDims = changes.linearDims ?? (room && readable ? base.linearDims : 0);
  const width = Math.min(directionDims({ dims, linearDims }), affordable - linearDims);
  const widths =
    base.sequence === undefined
      ? { historyDims: width, idDims: width }
      : { idDims: Math.min(width, base.idDims) };
  const config: TowerConfig = Object.freeze({ ...base, linearDims, ...widths, ...changes });
  if (layouts !== undefined) {
    checkSequence(config, layouts.user);
    if (linearDims > 0 && linearBags(layouts) === undefined) {
      refuse("linearDims", "be 0 where no history of liked items is pooled from their ids", linearDims);
    }
  }
  whole("dims", config.dims, 8, 4096);
  whole("linearDims", linearDims, 0, Math.max(0, dims - 8));
  if (linearDims > 0 && config.sequence !== undefined)
    refuse("linearDims", "be 0 for a tower that reads a sequence", linearDims);
  for (const units of config.hidden) whole("hidden", units, 1, 65_536);
  for (const units of config.itemHidden) whole("itemHidden", units, 1, 65_536);
  whole("historyDims", config.historyDims, 1, 4096);
  whole("idDims", config.idDims, 1, 4096);
  whole("bagDims", config.bagDims, 1, 4096);
  for (const name of ["historyDropout", "idDropout", "hiddenDropout"] as const) {
    if (!(config[name] >= 0 && config[name] < 1)) refuse(name, "be from 0 up to but not 1", config[name]);
  }
  if (!(config.biasLimit >= 0 && config.biasLimit <= 10))
    refuse("biasLimit", "be from 0 to 10", config.biasLimit);
  if (!(config.temperature >= 0.01 && config.temperature <= 10)) {
    refuse("temperature", "be from 0.01 to 10", config.temperature);
  }
  if (!["gelu", "relu", "tanh"].includes(config.activation)) {
    refuse("activation", "be gelu, relu or tanh", config.activation);
  }
  if (!["none", "tanh"].includes(config.outputActivation)) {
    refuse("outputActivation", "be none or tanh", config.outputActivation);
  }
  return config;
}

function checkSequence({ sequence, preset }: TowerConfig, { sequence: layout }: RowLayout): void {
  if (sequence === undefined && layout !== undefined) {
    throw new RangeError(
      `Cannot resolve towers as features with a sequence need a tower that reads one: current value is preset "${preset}"; use sequence or sequence-lite`,
    );
  }
  if (sequence !== undefined && layout === undefined) {
    throw new RangeError(
      `Cannot resolve towers as preset "${preset}" needs a user feature of kind sequence: current value is none; make a variant of the schema with sequenceSchema()`,
    );
  }
  if (sequence === undefined) return;
  const { width, heads } = sequence;
  whole("sequence.width", width, 1, 4096);
  whole("sequence.blocks", sequence.blocks, 1, 64);
  whole("sequence.heads", heads, 1, width);
  whole("sequence.feedForward", sequence.feedForward, 1, 65_536);
  if (width % heads !== 0) refuse("sequence.width", `be a multiple of sequence.heads (${heads})`, width);
  if (!(sequence.dropout >= 0 && sequence.dropout < 1)) {
    refuse("sequence.dropout", "be from 0 up to but not 1", sequence.dropout);
  }
}

const tableBytes = 40 * 1024 * 1024;

/** The widest that vectors of items may be for all tables of them to stay within {@link tableBytes}. */
function affordableWidth(layouts: { readonly user: RowLayout; readonly item: RowLayout }): number {
  const rows = [...layouts.user.bags, ...layouts.item.bags]
    .filter(({ role }) => role !== "content")
    .reduce((sum, { vocabulary }) => sum + vocabulary, 0);
  // Whole cache lines of 16 numbers.
  return Math.max(16, Math.floor(tableBytes / 4 / Math.max(1, rows) / 16) * 16);
}

function whole(name: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    refuse(name, `be a whole number from ${least} to ${most}`, value);
  }
}

function refuse(name: string, rule: string, value: unknown): never {
  throw new RangeError(`Cannot resolve towers as ${name} must ${rule}: current value is ${String(value)}`);
}
