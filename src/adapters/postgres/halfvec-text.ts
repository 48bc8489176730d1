/**
 * Vectors as halfvec literals, each rounded to half precision here: five digits then say exactly what is stored, and
 * every number is one look-up in a table of all 65,536 of them.
 *
 * @param vectors rows × dims numbers, row-major, |x| < 65504.
 * @param options `dims`: width of a row. `start` and `end`: which rows; all by default.
 * @returns One literal such as `[0.5,-0.25]` for each row.
 */
export function halfvecTexts(
  vectors: Float32Array,
  options: { readonly dims: number; readonly start?: number; readonly end?: number },
): string[] {
  const { dims, start = 0, end = vectors.length / dims } = options;
  const texts: string[] = [];
  const table = halfTexts();
  for (let row = start; row < end; row++) {
    const from = row * dims;
    let text = `[${table[halfBits(vectors[from]!)]}`;
    for (let i = from + 1; i < from + dims; i++) text += `,${table[halfBits(vectors[i]!)]}`;
    texts.push(`${text}]`);
  }
  return texts;
}

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/**
 * IEEE 754 binary16 of a number, rounded to nearest, ties to even.
 *
 * @param value Any finite number; beyond the range gives an infinity.
 * @returns 16 bits.
 */
export function halfBits(value: number): number {
  float[0] = value;
  const x = bits[0]!;
  const sign = (x >>> 16) & 0x8000;
  const magnitude = x & 0x7fffffff;
  if (magnitude >= 0x47800000) return sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
  if (magnitude >= 0x38800000) {
    // Normal: move the exponent from bias 127 to 15 and drop 13 bits, rounding to even.
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  // Subnormal: adding 0.5 lets the processor round to multiples of 2^-24.
  bits[0] = magnitude;
  float[0] = float[0]! + 0.5;
  return sign | (bits[0]! - 0x3f000000);
}

/**
 * The number that 16 bits of IEEE 754 binary16 stand for.
 *
 * @param half 0-65535.
 * @returns The number.
 */
export function halfValue(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let known: readonly string[] | undefined;

function halfTexts(): readonly string[] {
  known ??= Array.from({ length: 0x10000 }, (_, half) => String(Number(halfValue(half).toPrecision(5))));
  return known;
}
