/** A seeded source of randomness. Everything random in Futago is handed one, so that a seed repeats a run. */
export interface Random {
  /** The next number, uniform in [0, 1), with 32 random bits. */
  next(): number;
  /** A whole number, uniform in [0, below). */
  integer(below: number): number;
  /** A draw from the standard normal distribution. */
  normal(): number;
  /** The four words that {@link restoreRandom} continues from. */
  state(): readonly number[];
  /** An independent stream named by `label`; the same label and state give the same stream. */
  fork(label: string): Random;
}

function mix(seed: number): () => number {
  // splitmix32: spreads nearby seeds over the whole state space.
  let x = seed >>> 0;
  return () => {
    x = (x + 0x9e3779b9) >>> 0;
    let z = x;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
}

function hashLabel(label: string): number {
  // FNV-1a, 32 bits.
  let hash = 0x811c9dc5;
  for (let i = 0; i < label.length; i++) hash = Math.imul(hash ^ label.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * A random source from four state words, as {@link Random.state} gave them.
 *
 * @param words Four 32-bit words, not all zero.
 * @returns The source, continuing where the state was taken.
 * @throws RangeError When there are not four words or all are zero.
 */
export function restoreRandom(words: readonly number[]): Random {
  if (words.length !== 4 || words.every((word) => word === 0)) {
    throw new RangeError("Cannot restore a random source as it needs four words, not all zero");
  }
  let [a, b, c, d] = words as unknown as [number, number, number, number];
  // xoshiro128** (Blackman & Vigna 2018): 2^128 - 1 period, passes BigCrush, four words of state.
  const bits = (): number => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const next = (): number => bits() / 0x1_0000_0000;
  return {
    next,
    integer: (below) => Math.floor(next() * below),
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    state: () => [a >>> 0, b >>> 0, c >>> 0, d >>> 0],
    fork: (label) => {
      const seed = mix((a ^ Math.imul(c, 31) ^ hashLabel(label)) >>> 0);
      return restoreRandom([seed(), seed(), seed(), seed() | 1]);
    },
  };
}

/**
 * A random source from a seed.
 *
 * @param seed A whole number; nearby seeds give unrelated streams.
 * @returns The source.
 *
 * @example
 * ```ts
 * import { createRandom } from "futago";
 * const random = createRandom(42);
 * random.integer(6) === createRandom(42).integer(6); // true
 * ```
 */
export function createRandom(seed: number): Random {
  const word = mix(seed);
  return restoreRandom([word(), word(), word(), word() | 1]);
}
