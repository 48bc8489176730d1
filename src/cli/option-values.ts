import { InvalidArgumentError } from "commander";

/** Bounds of {@link wholeNumber} and {@link realNumber}, both included. */
export interface Bounds {
  /** @default no lower bound */
  readonly min?: number;
  /** @default no upper bound */
  readonly max?: number;
}

/**
 * A parser of whole numbers for commander's `.option(flags, text, parser)`.
 *
 * @param bounds What is accepted.
 * @returns A parser; a value outside is a usage error (exit code 2).
 */
export function wholeNumber(bounds: Bounds = {}): (text: string) => number {
  return (text) => inBounds(/^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN, bounds, "a whole number");
}

/**
 * A parser of comma-separated whole numbers for commander's `.option(flags, text, parser)`.
 *
 * @param bounds What is accepted.
 * @returns A parser; an empty list, or a value outside, is a usage error (exit code 2).
 */
export function wholeNumbers(bounds: Bounds = {}): (text: string) => readonly number[] {
  return listOf(wholeNumber(bounds));
}

/**
 * A parser of comma-separated numbers for commander's `.option(flags, text, parser)`.
 *
 * @param bounds What is accepted.
 * @returns A parser; an empty list, or a value outside, is a usage error (exit code 2).
 */
export function realNumbers(bounds: Bounds = {}): (text: string) => readonly number[] {
  return listOf(realNumber(bounds));
}

/**
 * A parser of numbers for commander's `.option(flags, text, parser)`.
 *
 * @param bounds What is accepted.
 * @returns A parser; a value outside is a usage error (exit code 2).
 */
export function realNumber(bounds: Bounds = {}): (text: string) => number {
  return (text) => inBounds(text.trim() === "" ? Number.NaN : Number(text), bounds, "a number");
}

/**
 * A parser of comma-separated words.
 *
 * @param text For example `popularity,ease`.
 * @returns The words, trimmed, without empty ones.
 */
export function wordList(text: string): string[] {
  return text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}

function listOf(parse: (text: string) => number): (text: string) => readonly number[] {
  return (text) => {
    const words = wordList(text);
    if (words.length === 0) throw new InvalidArgumentError("It must name at least one number.");
    return words.map(parse);
  };
}

function inBounds(value: number, { min, max }: Bounds, what: string): number {
  const low = min === undefined ? "" : ` from ${min}`;
  const high = max === undefined ? "" : ` to ${max}`;
  if (!Number.isFinite(value) || value < (min ?? -Infinity) || value > (max ?? Infinity)) {
    throw new InvalidArgumentError(`It must be ${what}${low}${high}.`);
  }
  return value;
}
