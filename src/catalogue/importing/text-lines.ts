/** One line of a text file. */
export interface TextLine {
  /** Counted from 1. */
  readonly line: number;
  /** Without its end; empty where there is a problem. */
  readonly text: string;
  /** Why the line could not be read: what was expected of it and what was found. */
  readonly problem?: { readonly expected: string; readonly received: string };
}

/** Options of {@link readLines}. */
export interface ReadLinesOptions {
  /** @default "utf-8" */
  readonly encoding?: TextEncoding;
  /** Longer lines are skipped and reported, so that a file without line ends cannot fill the memory. @default 1048576 */
  readonly maxLineBytes?: number;
}

/** Encodings that importers read. `iso-8859-1` is what MovieLens-1M is written in. */
export type TextEncoding = "utf-8" | "iso-8859-1";

const lineFeed = 10;

interface Decoder {
  decode(bytes: Uint8Array): string;
}

/**
 * Lines of a byte stream, in blocks (one for each chunk that completes a line), in memory bounded by the chunk and
 * `maxLineBytes`. Ends at `\n` or `\r\n`; a byte order mark is left out.
 *
 * @param chunks The bytes.
 * @param options Encoding and bound.
 * @returns Blocks of lines, in order.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadLinesOptions = {},
): AsyncGenerator<readonly TextLine[]> {
  const { encoding = "utf-8", maxLineBytes = 1_048_576 } = options;
  const decoder = new TextDecoder(encoding, { fatal: true });
  let line = 1;
  // The pieces of a line whose end has not come yet.
  let carry: Uint8Array[] = [];
  let carried = 0;
  for await (const chunk of chunks) {
    const end = chunk.lastIndexOf(lineFeed);
    if (end >= 0) {
      const complete = decodeBlock(decoder, join(carry, carried, chunk.subarray(0, end)), {
        firstLine: line,
        maxLineBytes,
      });
      // A line of which too much had come was cut while it was carried: its first line is the long one.
      line += complete.length;
      yield complete;
      carry = [];
      carried = 0;
    }
    const rest = chunk.subarray(end + 1);
    // Kept one byte past the bound at most: enough to know that the line is too long.
    const room = Math.max(0, maxLineBytes + 1 - carried);
    if (rest.length > 0 && room > 0) {
      // A copy, as the source may write the next chunk into the same bytes.
      carry.push(rest.slice(0, room));
      carried += Math.min(rest.length, room);
    }
  }
  if (carried > 0) {
    yield decodeBlock(decoder, join(carry, carried, new Uint8Array(0)), { firstLine: line, maxLineBytes });
  }
}

function join(pieces: readonly Uint8Array[], length: number, last: Uint8Array): Uint8Array {
  if (length === 0) return last;
  const whole = new Uint8Array(length + last.length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  whole.set(last, at);
  return whole;
}

function decodeBlock(
  decoder: Decoder,
  bytes: Uint8Array,
  { firstLine, maxLineBytes }: { readonly firstLine: number; readonly maxLineBytes: number },
): TextLine[] {
  const lines: TextLine[] = [];
  const text = decode(decoder, bytes);
  if (text !== undefined && bytes.length <= maxLineBytes) {
    for (const part of text.split("\n"))
      lines.push({ line: firstLine + lines.length, text: withoutReturn(part) });
    return lines;
  }
  // Something in the block is wrong, or may be too long: line by line, so that only the bad lines are lost.
  for (let at = 0; at <= bytes.length; ) {
    const found = bytes.indexOf(lineFeed, at);
    const end = found === -1 ? bytes.length : found;
    lines.push(
      decodeLine(decoder, bytes.subarray(at, end), { line: firstLine + lines.length, maxLineBytes }),
    );
    at = end + 1;
  }
  return lines;
}

function decodeLine(
  decoder: Decoder,
  bytes: Uint8Array,
  { line, maxLineBytes }: { readonly line: number; readonly maxLineBytes: number },
): TextLine {
  if (bytes.length > maxLineBytes) {
    return {
      line,
      text: "",
      problem: { expected: `a line of at most ${maxLineBytes} bytes`, received: "a longer one" },
    };
  }
  const text = decode(decoder, bytes);
  if (text !== undefined) return { line, text: withoutReturn(text) };
  return { line, text: "", problem: { expected: "valid UTF-8", received: "other bytes" } };
}

function decode(decoder: Decoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

function withoutReturn(text: string): string {
  return text.endsWith("\r") ? text.slice(0, -1) : text;
}
