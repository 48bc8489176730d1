import {
  add,
  cast,
  constant,
  equal,
  gather,
  greater,
  l2Normalise,
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

/** Places that take a dropout mask. */
export function sequenceMasks(config: SequenceConfig): readonly string[] {
  const blocks = Array.from({ length: config.blocks }, (_, block) => [
    `user.sequence.block${block}.attention`,
    `user.sequence.block${block}.forward`,
  ]);
  return ["user.sequence.embedding", ...blocks.flat()];
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
  const { inputs, parameter } = sources;
  const masked = (x: Value, place: string): Value => {
    const mask = sources.mask?.(place);
    return mask === undefined ? x : mul(x, mask);
  };
  const vectors = [
    gather(parameter(sequenceTable), inputs.items),
    gather(parameter("user.sequence.positions.table"), inputs.positions),
    gather(parameter("user.sequence.gaps.table"), inputs.gaps),
    gather(parameter("user.sequence.kinds.table"), inputs.kinds),
  ];
  let x = masked(
    vectors.reduce((sum, vector) => add(sum, vector)),
    "user.sequence.embedding",
  );
  const hidden = later(inputs.positions);
  for (let block = 0; block < config.blocks; block++) {
    const name = `user.sequence.block${block}`;
    const attended = attention(config, norm(x, `${name}.attention`, sources), { name, hidden, sources });
    x = add(x, masked(attended, `${name}.attention`));
    const inner = relu(affine(flat(norm(x, `${name}.forward`, sources)), `${name}.inner`, sources));
    const forward = reshapeLike(affine(inner, `${name}.outer`, sources), x);
    x = add(x, masked(forward, `${name}.forward`));
  }
  return norm(x, "user.sequence", sources);
}

/**
 * The state after the newest step.
 *
 * @param states [rows, steps, width].
 * @param positions [rows, steps].
 * @returns [rows, width].
 */
export function newestState(states: Value, positions: Value): Value {
  const [rows, steps, width] = states.shape as [string, string, number];
  const newest = reshape(cast(equal(positions, one), "float32"), [rows, 1, steps]);
  return reshape(matMul(newest, states), [rows, width]);
}

/**
 * The direction of viewers from states that their other features were added to: x W at unit length.
 *
 * @param x [rows, width].
 * @param parameter A learned array by name.
 * @returns [rows, dims - 2].
 */
export function sequenceDirection(x: Value, parameter: SequenceSources["parameter"]): Value {
  return l2Normalise(matMul(x, parameter("user.output.weight")), { axis: 1 });
}

/** For each step, 0 for the steps it reads and -1e9 for those that came later or are padding: [rows, 1, steps, steps]. */
function later(positions: Value): Value {
  const [rows, steps] = positions.shape as [string, string];
  const own = reshape(positions, [rows, 1, steps, 1]);
  const other = reshape(positions, [rows, 1, 1, steps]);
  return where(greater(own, other), -1e9, 0);
}

function attention(
  config: SequenceConfig,
  x: Value,
  options: { readonly name: string; readonly hidden: Value; readonly sources: SequenceSources },
): Value {
  const { name, hidden, sources } = options;
  const { width, heads } = config;
  const size = width / heads;
  const [rows, steps] = x.shape as [string, string, number];
  const rowsOf = flat(x);
  const byHead = (part: string): Value => {
    const projected = reshapeLike(affine(rowsOf, `${name}.${part}`, sources), x);
    return transpose(reshape(projected, [rows, steps, heads, size]), [0, 2, 1, 3]);
  };
  // softmax(Q Kᵀ / √d) V
  const query = mul(byHead("query"), 1 / Math.sqrt(size));
  const scores = add(matMul(query, byHead("key"), { transposeB: true }), hidden);
  const mixed = matMul(softmax(scores, { axis: -1 }), byHead("value"));
  const joined = reshape(transpose(mixed, [0, 2, 1, 3]), [rows, steps, width]);
  return reshapeLike(affine(flat(joined), `${name}.mix`, sources), x);
}

/** All steps of all rows as the rows of one matrix. */
export function flat(x: Value): Value {
  const [rows, steps, width] = x.shape as [string, string, number];
  return reshape(x, [`${rows}*${steps}`, width]);
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
