/**
 * Vectors as halfvec literals, divided by semicolons. Each number is rounded to half precision here; the shortest text
 * that names that half is then one look-up in a table of all 65,536 of them, which makes writing 50,000 vectors of 768
 * a matter of a second or two.
 *
 * @param vectors rows × dims numbers, row-major, |x| < 65504.
 * @param options `dims`: width of a row. `start` and `end`: which rows; all by default.
 * @returns For instance `[0.5,-0.25];[0,1]`.
 * @throws RangeError When a number is not finite, or too large for half precision.
 */
export function halfvecText(
  vectors: Float32Array,
  options: { readonly dims: number; readonly start?: number; readonly end?: number },
): string {
  const { dims, start = 0, end = dims === 0 ? 0 : vectors.length / dims } = options;
  if (end <= start) return "";
  const words = new Uint32Array(vectors.buffer, vectors.byteOffset, vectors.length);
  const text = room((end - start) * (dims * (longest + 1) + 2));
  let at = 0;
  for (let row = start; row < end; row++) {
    text[at++] = open;
    const stop = (row + 1) * dims;
    for (let i = row * dims; i < stop; i++) {
      const half = bitsToHalf(words[i]!);
      const entry = half * stride;
      if (table[entry] === 0 && !describeHalf(half)) throw notFinite(vectors[i]!);
      const length = table[entry]!;
      for (let c = 1; c <= length; c++) text[at++] = table[entry + c]!;
      text[at++] = comma;
    }
    // In place of the last comma.
    text[at - 1] = close;
    text[at++] = semicolon;
  }
  return new TextDecoder("latin1").decode(text.subarray(0, at - 1));
}

/** Where text is written: kept for the next, as freed it would wait for the collector by the hundred megabytes. */
let written = new Uint8Array(0);

function room(bytes: number): Uint8Array {
  if (written.length < bytes) written = new Uint8Array(bytes);
  return written;
}

const [open, close, comma, semicolon] = [..."[],;"].map((sign) => sign.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
];
// "-0.000061035": a sign, and five digits after as many zeros as String() writes before it turns to an exponent.
const longest = 12;
const stride = longest + 1;

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
  return bitsToHalf(bits[0]!);
}

function bitsToHalf(x: number): number {
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

function notFinite(value: number): RangeError {
  return new RangeError(
    `Cannot write a vector as each number must be finite and below 65,520: current value is ${value}`,
  );
}

// For each half the length of its text, then the text; filled as halves are met, as one vector has few of them.
const table = new Uint8Array(0x10000 * stride);

/** Writes a half into the table; false for what is no number. */
function describeHalf(half: number): boolean {
  const value = halfValue(half);
  if (!Number.isFinite(value)) return false;
  // 11 bits of fraction need 3 to 5 digits.
  const digits = [3, 4, 5].find((n) => halfBits(Number(value.toPrecision(n))) === half) ?? 5;
  const text = String(Number(value.toPrecision(digits)));
  table[half * stride] = text.length;
  for (let c = 0; c < text.length; c++) table[half * stride + 1 + c] = text.charCodeAt(c);
  return true;
}
