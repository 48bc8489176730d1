import { FutagoError, sha256Hex } from "../base/mod.ts";

/** A point in training from which it can go on: small facts as JSON, and named arrays. */
export interface Checkpoint {
  /** What it belongs to: configuration, data and features, hashed. */
  readonly fingerprint: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly arrays: readonly CheckpointArray[];
}

/** One array of a checkpoint. */
export interface CheckpointArray {
  readonly name: string;
  readonly data: Float32Array | Int32Array;
}

const magic = "futago-checkpoint-1\n";

interface Header {
  readonly fingerprint: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly arrays: readonly {
    readonly name: string;
    readonly kind: "float32" | "int32";
    readonly length: number;
  }[];
  readonly check: string;
}

/**
 * A checkpoint as bytes: magic line, length of the header, header as JSON, then the arrays as little-endian words. The
 * header holds a check over the arrays and its own hash stands before it.
 *
 * @param checkpoint What to keep.
 * @returns The bytes.
 */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { fingerprint, facts, arrays } = checkpoint;
  const size = arrays.reduce((sum, { data }) => sum + data.byteLength, 0);
  const described = arrays.map(({ name, data }) => {
    return {
      name,
      kind: data instanceof Int32Array ? ("int32" as const) : ("float32" as const),
      length: data.length,
    };
  });
  // The check is 32 hex digits whatever it is, so the header's length is known before it.
  const headerOf = (check: string): Uint8Array => {
    const header: Header = { fingerprint, facts, arrays: described, check };
    const text = JSON.stringify(header);
    return new TextEncoder().encode(`${magic}${sha256Hex(text)}\n${text}`);
  };
  const length = headerOf("0".repeat(32)).length;
  const start = 4 + Math.ceil(length / 4) * 4;
  const bytes = new Uint8Array(start + size);
  let at = start;
  for (const { data } of arrays) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  const header = headerOf(checkWords(new Uint32Array(bytes.buffer, start, size / 4)));
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 4);
  return bytes;
}

/**
 * The checkpoint in some bytes.
 *
 * @param bytes What {@link encodeCheckpoint} gave.
 * @returns The checkpoint; its arrays are views of a copy of the bytes.
 * @throws FutagoError `checkpoint_mismatch` when anything in them is not as it was written.
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  // A copy: views of words need an offset that is a multiple of four.
  const own = bytes.slice();
  const damaged = (): never => {
    throw new FutagoError(
      "checkpoint_mismatch",
      `Cannot read a checkpoint as its hash must fit its ${bytes.length} bytes: remove it to start again`,
    );
  };
  if (own.length < 4) return damaged();
  const length = new DataView(own.buffer).getUint32(0, true);
  const start = 4 + Math.ceil(length / 4) * 4;
  if (start > own.length || (own.length - start) % 4 !== 0) return damaged();
  const text = new TextDecoder().decode(own.subarray(4, 4 + length));
  const json = text.slice(magic.length + 65);
  if (!text.startsWith(magic) || text.slice(magic.length, magic.length + 64) !== sha256Hex(json))
    return damaged();
  const header = JSON.parse(json) as Header;
  const words = new Uint32Array(own.buffer, start);
  if (words.length !== header.arrays.reduce((sum, { length }) => sum + length, 0)) return damaged();
  if (checkWords(words) !== header.check) return damaged();
  let at = start;
  const arrays = header.arrays.map(({ name, kind, length }) => {
    const data =
      kind === "int32" ? new Int32Array(own.buffer, at, length) : new Float32Array(own.buffer, at, length);
    at += length * 4;
    return { name, data };
  });
  return { fingerprint: header.fingerprint, facts: header.facts, arrays };
}

/**
 * 128 bits over words: four lanes of multiply and rotate as in MurmurHash3, about 1 GB/s where SHA-256 in TypeScript
 * makes a tenth. It guards against torn and damaged files, not against an adversary.
 */
function checkWords(words: Uint32Array): string {
  const lanes = new Uint32Array([0x9e3779b9, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f]);
  let [a, b, c, d] = lanes as unknown as [number, number, number, number];
  const round = (lane: number, word: number): number => {
    const k = Math.imul(word, 0xcc9e2d51);
    const mixed = lane ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593);
    return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0;
  };
  const whole = words.length - (words.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a = round(a, words[i]!);
    b = round(b, words[i + 1]!);
    c = round(c, words[i + 2]!);
    d = round(d, words[i + 3]!);
  }
  for (let i = whole; i < words.length; i++) a = round(a, words[i]!);
  a = round(a, words.length);
  return [a, b, c, d].map((lane) => (lane >>> 0).toString(16).padStart(8, "0")).join("");
}
