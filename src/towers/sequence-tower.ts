import {
  add,
  cast,
  constant,
  type Dim,
  equal,
  gather,
  greater,
  layerNorm,
  matMul,
  mul,
  relu,
  reshape,
  reshapeLike,
  type Shape,
  softmax,
  transpose,
  type Value,
  where,
} from "../graph/mod.ts";
import type { SequenceConfig } from "./tower-config.ts";

/** What the blocks are built over; training and serving each bring their own. */
export interface SequenceSources {
  /** A learned array by name. */
  readonly parameter: (name: string) => Value;
  readonly inputs: SequenceInputs;
  /** Vectors of the steps in place of {@link sequenceVectors}, in their shape. */
  readonly vectors?: Value;
  /** Factors 0 or 1/(1 - dropout) for what a place gives, [rows, steps, width]; left out when serving. */
  readonly mask?: (place: string) => Value;
}

/** Steps of viewers as [rows, steps] of int32, oldest first, padded behind with zeros. */
export interface SequenceInputs {
  readonly items: Value;
  readonly gaps: Value;
  readonly kinds: Value;
  /** 1 for the newest step, 2 for the one before it and so on; 0 where padded. */
  readonly positions: Value;
}

/** The table of a sequence's input vectors of items. */
export const sequenceTable = "user.sequence.items.table";

const one = constant(Int32Array.of(1), []);
const zero = constant(Int32Array.of(0), []);

/** Places that take a dropout mask. */
export function sequenceMasks(config: SequenceConfig): readonly string[] {
  const blocks = Array.from({ length: config.blocks }, (_, block) => [
    `user.sequence.block${block}.attention`,
    `user.sequence.block${block}.forward`,
  ]);
  return ["user.sequence.embedding", ...blocks.flat()];
}

/**
 * The vectors of steps that the blocks read: item ⊕ position ⊕ gap ⊕ kind.
 *
 * @param inputs Rows of the tables, all in one shape.
 * @param parameter A learned array by name.
 * @returns That shape and the width.
 */
export function sequenceVectors(inputs: SequenceInputs, parameter: SequenceSources["parameter"]): Value {
  return [
    gather(parameter(sequenceTable), inputs.items),
    gather(parameter("user.sequence.positions.table"), inputs.positions),
    gather(parameter("user.sequence.gaps.table"), inputs.gaps),
    gather(parameter("user.sequence.kinds.table"), inputs.kinds),
  ].reduce((sum, vector) => add(sum, vector));
}

/** What a viewer who did nothing has at their only step, as {@link sequenceVectors} of a start: [width]. */
export function startVector(parameter: SequenceSources["parameter"]): Value {
  return sequenceVectors({ items: zero, gaps: zero, kinds: zero, positions: one }, parameter);
}

/**
 * What a viewer looks like after each step: item ⊕ position ⊕ gap ⊕ kind, then blocks of causal self-attention and
 * feed-forward layers with the norm before each (Vaswani et al. 2017; Kang & McAuley 2018, "Self-Attentive Sequential
 * Recommendation"; the norm's place as Xiong et al. 2020), then a last norm.
 *
 * @param config Widths.
 * @param sources Parameters and inputs.
 * @returns [rows, steps, width]; what stands at padded steps means nothing, and no other step reads it.
 */
export function sequenceStates(config: SequenceConfig, sources: SequenceSources): Value {
  const hidden = later(sources.inputs.positions);
  let x = firstStates(sources);
  for (let index = 0; index < config.blocks; index++) x = block(config, x, { index, hidden, sources });
  return norm(x, "user.sequence", sources);
}

/**
 * The state after the newest step, as {@link sequenceStates} has it: of the last block, no other step is computed.
 *
 * @param config Widths.
 * @param sources Parameters and inputs.
 * @returns [rows, width].
 */
export function newestState(config: SequenceConfig, sources: SequenceSources): Value {
  const { positions } = sources.inputs;
  const [rows, steps] = positions.shape as [string, string];
  const hidden = later(positions);
  const last = config.blocks - 1;
  let x = firstStates(sources);
  for (let index = 0; index < last; index++) x = block(config, x, { index, hidden, sources });
  const newest = reshape(cast(equal(positions, one), "float32"), [rows, 1, steps]);
  const padding = where(greater(one, reshape(positions, [rows, 1, 1, steps])), -1e9, 0);
  x = block(config, x, { index: last, hidden: padding, sources, only: newest });
  return norm(reshape(x, [rows, config.width]), "user.sequence", sources);
}

function firstStates(sources: SequenceSources): Value {
  const { vectors, inputs, parameter } = sources;
  return masked(vectors ?? sequenceVectors(inputs, parameter), "user.sequence.embedding", sources);
}

function masked(x: Value, place: string, sources: SequenceSources): Value {
  const mask = sources.mask?.(place);
  return mask === undefined ? x : mul(x, mask);
}

interface BlockOptions {
  readonly index: number;
  /** Added to what steps say of each other: [rows, 1, steps of the result, steps]. */
  readonly hidden: Value;
  readonly sources: SequenceSources;
  /** Which step alone is computed, as a 1 among zeros: [rows, 1, steps]. */
  readonly only?: Value;
}

/** x + attention(norm(x)), then x + feed-forward(norm(x)). */
function block(config: SequenceConfig, x: Value, { index, hidden, sources, only }: BlockOptions): Value {
  const name = `user.sequence.block${index}`;
  const pick = (states: Value): Value => (only === undefined ? states : matMul(only, states));
  const read = norm(x, `${name}.attention`, sources);
  const attended = attention(config, { asks: pick(read), read }, { name, hidden, sources });
  const after = add(pick(x), masked(attended, `${name}.attention`, sources));
  const inner = relu(affine(flat(norm(after, `${name}.forward`, sources)), `${name}.inner`, sources));
  const forward = reshapeLike(affine(inner, `${name}.outer`, sources), after);
  return add(after, masked(forward, `${name}.forward`, sources));
}

/** For each step, 0 for the steps it reads and -1e9 for those that came later or are padding: [rows, 1, steps, steps]. */
function later(positions: Value): Value {
  const [rows, steps] = positions.shape as [string, string];
  const own = reshape(positions, [rows, 1, steps, 1]);
  const other = reshape(positions, [rows, 1, 1, steps]);
  return where(greater(own, other), -1e9, 0);
}

/** What the steps `asks` take from the steps `read`. */
function attention(
  config: SequenceConfig,
  { asks, read }: { readonly asks: Value; readonly read: Value },
  options: { readonly name: string; readonly hidden: Value; readonly sources: SequenceSources },
): Value {
  const { name, hidden, sources } = options;
  const { width, heads } = config;
  const size = width / heads;
  const byHead = (x: Value, part: string): Value => {
    const [rows, steps] = x.shape as [string, Dim, number];
    const projected = reshapeLike(affine(flat(x), `${name}.${part}`, sources), x);
    return transpose(reshape(projected, [rows, steps, heads, size]), [0, 2, 1, 3]);
  };
  // softmax(Q Kᵀ / √d) V
  const query = mul(byHead(asks, "query"), 1 / Math.sqrt(size));
  const scores = add(matMul(query, byHead(read, "key"), { transposeB: true }), hidden);
  const mixed = matMul(softmax(scores, { axis: -1 }), byHead(read, "value"));
  const joined = reshape(transpose(mixed, [0, 2, 1, 3]), asks.shape);
  return reshapeLike(affine(flat(joined), `${name}.mix`, sources), asks);
}

/** All steps of all rows as the rows of one matrix. */
export function flat(x: Value): Value {
  const [rows, steps, width] = x.shape as [string, Dim, number];
  return reshape(x, [steps === 1 ? rows : `${rows}*${steps}`, width]);
}

function affine(x: Value, name: string, { parameter }: SequenceSources): Value {
  return add(matMul(x, parameter(`${name}.weight`)), parameter(`${name}.bias`));
}

function norm(x: Value, name: string, { parameter }: SequenceSources): Value {
  const shape: Shape = x.shape.slice(-1);
  const vector = (part: string): Value => reshape(parameter(`${name}.norm.${part}`), shape);
  // Learned as what it differs from 1 by, so that it starts from zeros as every vector does.
  return layerNorm(x, { scale: add(vector("scale"), 1), bias: vector("bias") });
}
