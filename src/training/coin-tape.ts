import type { Random } from "../base/mod.ts";

/** How many places a step may begin to read at, beside the length of what it reads. */
const spare = 1 << 20;

/**
 * Factors of dropout, tossed once and read from a new place each time: to toss millions of coins a step would take as long
 * as the step. What two readings share is shifted against the rows, so that no number is left out together with the same
 * others again.
 */
export class CoinTape {
  readonly #options: { readonly dropout: number; readonly random: Random };
  #tape: Float32Array = new Float32Array(0);

  /**
   * @param options `dropout` is the share of zeros, 0-1; the others are 1 / (1 - dropout). The source tosses the tape.
   */
  constructor(options: { readonly dropout: number; readonly random: Random }) {
    this.#options = options;
  }

  /**
   * @param count How many factors.
   * @param random Where to begin.
   * @returns A part of the tape; not to be changed.
   */
  read(count: number, random: Random): Float32Array {
    if (this.#tape.length < count + spare) this.#tape = this.#toss(2 * count + spare);
    const from = random.integer(spare);
    return this.#tape.subarray(from, from + count);
  }

  #toss(length: number): Float32Array {
    const { dropout } = this.#options;
    // A stream of its own: a tape that grows begins with what the shorter one held.
    const random = this.#options.random.fork("coins");
    const kept = 1 / (1 - dropout);
    const tape = new Float32Array(length);
    for (let at = 0; at < length; at++) tape[at] = random.next() < dropout ? 0 : kept;
    return tape;
  }
}
