import { FutagoError, isOutOfMemory, type ProgressTask } from "../base/mod.ts";

/** Something to embed, and the hash of what would be encoded. */
export interface Candidate<Row> {
  readonly row: Row;
  readonly id: string;
  readonly hash: string;
}

/** What {@link embedChanged} is given. */
export interface EmbedChangedOptions<Row> {
  /** Hashes of what is stored, by id. */
  readonly stored: ReadonlyMap<string, string>;
  readonly encode: (rows: readonly Row[]) => Promise<Float32Array>;
  readonly put: (batch: {
    readonly ids: readonly string[];
    readonly vectors: Float32Array;
    readonly contentHashes: readonly string[];
  }) => Promise<void>;
  readonly batchSize: number;
  readonly task: ProgressTask;
  readonly signal: AbortSignal | undefined;
}

/**
 * Encodes and stores what is not stored from the same content already, in batches, smaller ones where memory does not
 * suffice. When it returns or throws, nothing is being written any more.
 *
 * @param candidates Everything that should be stored.
 * @param options What is stored, how to encode and where to put.
 * @returns How many were encoded and how many left as they were.
 * @throws FutagoError `cancelled` When the signal stopped it.
 */
export async function embedChanged<Row>(
  candidates: AsyncIterable<Candidate<Row>>,
  options: EmbedChangedOptions<Row>,
): Promise<{ readonly embedded: number; readonly unchanged: number }> {
  const { stored, encode, put, batchSize, task, signal } = options;
  let embedded = 0;
  let unchanged = 0;
  let writing: Promise<void> = Promise.resolve();
  let atOnce = batchSize;
  // Where memory does not suffice for a batch, half of it is tried, down to one, and no batch is larger from then on.
  const encodeInParts = async (rows: readonly Row[]): Promise<Float32Array> => {
    const parts: Float32Array[] = [];
    let done = 0;
    while (done < rows.length) {
      const part = rows.slice(done, done + atOnce);
      try {
        parts.push(await encode(part));
        done += part.length;
      } catch (error) {
        if (part.length === 1 || !isOutOfMemory(error)) throw error;
        atOnce = Math.ceil(part.length / 2);
      }
    }
    return parts.length === 1 ? parts[0]! : joined(parts);
  };
  const write = async (batch: readonly Candidate<Row>[]): Promise<void> => {
    stopIfAborted(signal);
    const vectors = await encodeInParts(batch.map(({ row }) => row));
    // The next batch is encoded while this one is stored: the model and the database use different cores.
    await writing;
    const ids = batch.map(({ id }) => id);
    writing = put({ ids, vectors, contentHashes: batch.map(({ hash }) => hash) });
    // Awaited by the next write or at the end; until then a failure must not count as unhandled.
    writing.catch(() => {});
    embedded += batch.length;
    task.advance(batch.length);
  };
  try {
    let batch: Candidate<Row>[] = [];
    for await (const candidate of candidates) {
      if (stored.get(candidate.id) === candidate.hash) {
        unchanged++;
        task.advance(1);
        continue;
      }
      batch.push(candidate);
      if (batch.length < batchSize) continue;
      await write(batch);
      batch = [];
    }
    if (batch.length > 0) await write(batch);
    await writing;
  } finally {
    // Nothing may still be writing when the caller closes the database.
    await writing.catch(() => {});
  }
  return { embedded, unchanged };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Throws FutagoError `cancelled` once the signal is aborted. */
export function stopIfAborted(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new FutagoError(
    "cancelled",
    "Cannot finish embedding as it was cancelled: run the same again to go on",
  );
}

/** Throws RangeError unless a batch holds something. */
export function checkBatchSize(batchSize: number): void {
  if (Number.isInteger(batchSize) && batchSize > 0) return;
  throw new RangeError(
    `Cannot embed as batchSize must be a positive whole number: current value is ${batchSize}`,
  );
}
