import { FutagoError } from "../base/mod.ts";

/** Wire types of protocol buffers, https://protobuf.dev/programming-guides/encoding/#structure. */
export const wire = Object.freeze({ varint: 0, fixed64: 1, bytes: 2, fixed32: 5 });

/** Builds one protocol-buffers message, field by field. */
export class ProtoWriter {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  #length = 0;

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }

  #varint(value: number): void {
    this.#reserve(10);
    if (value < 0) {
      // Negative int64 are written as two's complement in ten bytes.
      let rest = BigInt.asUintN(64, BigInt(value));
      for (; rest >= 0x80n; rest >>= 7n) this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80;
      this.#bytes[this.#length++] = Number(rest);
      return;
    }
    let rest = value;
    for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
    this.#bytes[this.#length++] = rest;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length;
  }

  /** A whole number up to ±2^53. */
  int(field: number, value: number): this {
    this.#varint(field * 8 + wire.varint);
    this.#varint(value);
    return this;
  }

  /** A float32. */
  float(field: number, value: number): this {
    this.#varint(field * 8 + wire.fixed32);
    this.#reserve(4);
    new DataView(this.#bytes.buffer).setFloat32(this.#length, value, true);
    this.#length += 4;
    return this;
  }

  /** Bytes, text as UTF-8, or a finished message. */
  bytes(field: number, value: Uint8Array | string | ProtoWriter): this {
    const data =
      typeof value === "string"
        ? new TextEncoder().encode(value)
        : value instanceof ProtoWriter
          ? value.finish()
          : value;
    this.#varint(field * 8 + wire.bytes);
    this.#varint(data.length);
    this.#reserve(data.length);
    this.#bytes.set(data, this.#length);
    this.#length += data.length;
    return this;
  }

  /** The message so far; a view, valid until the next write. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}

/** One field of a message as it lies in the bytes. */
export interface ProtoField {
  readonly number: number;
  /** A varint or fixed32 as a number; exact to 2^53, beyond that the nearest double. */
  readonly value: number;
  /** The bytes of a length-delimited field; empty otherwise. */
  readonly bytes: Uint8Array;
  /** The wire type, see {@link wire}. */
  readonly type: number;
}

/** Refuses bytes that are no model. */
export function corrupt(rule: string): never {
  throw new FutagoError(
    "bundle_corrupt",
    `Cannot read an ONNX model as ${rule}: restore the file or train again`,
  );
}

/**
 * Reads one varint.
 *
 * @param bytes Where it lies.
 * @param start The position of its first byte.
 * @returns The signed value and the position after it.
 */
export function readVarint(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0;
  let scale = 1;
  for (let next = start; next < start + 10; ) {
    const byte = bytes[next++];
    if (byte === undefined) corrupt("it ends in the middle of a number");
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
    if (byte >= 0x80) continue;
    // Ten bytes hold a negative int64, whose low bits a double has lost by now: read it again exactly.
    return next - start < 9 ? { value, next } : { value: readLongVarint(bytes, start, next), next };
  }
  return corrupt("a number is longer than ten bytes");
}

function readLongVarint(bytes: Uint8Array, start: number, end: number): number {
  let value = 0n;
  for (let at = end - 1; at >= start; at--) value = (value << 7n) | BigInt(bytes[at]! & 0x7f);
  return Number(BigInt.asIntN(64, value));
}

/**
 * The fields of a message, in the order in which they lie.
 *
 * @param bytes The message.
 * @throws FutagoError `bundle_corrupt` where the bytes are no message.
 */
export function* readFields(bytes: Uint8Array): Generator<ProtoField, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const nothing = bytes.subarray(0, 0);
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    at = tag.next;
    const number = Math.floor(tag.value / 8);
    const type = tag.value % 8;
    if (type === wire.varint) {
      const { value, next } = readVarint(bytes, at);
      at = next;
      yield { number, value, bytes: nothing, type };
    } else if (type === wire.bytes) {
      const length = readVarint(bytes, at);
      const end = length.next + length.value;
      if (!(length.value >= 0 && end <= bytes.length)) corrupt("a field is longer than the file");
      at = end;
      yield { number, value: Number.NaN, bytes: bytes.subarray(length.next, end), type };
    } else if (type === wire.fixed32 || type === wire.fixed64) {
      const width = type === wire.fixed32 ? 4 : 8;
      if (at + width > bytes.length) corrupt("it ends in the middle of a number");
      const value = width === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
      yield { number, value, bytes: bytes.subarray(at, at + width), type };
      at += width;
    } else corrupt(`a field has the unknown wire type ${type}`);
  }
}
