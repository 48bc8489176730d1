import { type Progress, silentProgress } from "../base/mod.ts";
import type { CatalogueStore, PersonHistory } from "../catalogue/mod.ts";
import { historyContentHash } from "./content-hash.ts";
import { checkBatchSize, type EmbedSummary, stopIfAborted } from "./embed-catalogue.ts";
import { peopleHistories } from "./people-histories.ts";
import type { VectorStore } from "./vector-store.ts";

/** As much of a pair of towers as embedding people needs. */
export interface UserTower {
  readonly dims: number;
  /** people × dims, unit length; nothing after `asOf` (milliseconds since 1970) is read. */
  embedHistories(people: readonly PersonHistory[], options: { readonly asOf: number }): Promise<Float32Array>;
}

/** What {@link embedPeople} is given. */
export interface EmbedPeopleOptions {
  readonly towers: UserTower;
  readonly version: string;
  readonly store: CatalogueStore;
  readonly vectors: VectorStore;
  /** The moment the features are taken at, in milliseconds since 1970. */
  readonly asOf: number;
  /** Events read of each person, the newest. @default 500 */
  readonly historyLimit?: number;
  readonly progress?: Progress;
  /** People encoded in one matrix product. @default 500 */
  readonly batchSize?: number;
  readonly signal?: AbortSignal;
}

/**
 * Brings the user vectors of a version up to date: people who did something since are encoded in large batches. People
 * with no events have no vector; popularity answers for them. A person's vector goes with the person.
 *
 * @param options Towers, stores, version and moment.
 * @returns What was done; `removed` is 0.
 * @throws FutagoError `cancelled` When the signal stopped it.
 */
export async function embedPeople(options: EmbedPeopleOptions): Promise<EmbedSummary> {
  const { towers, version, store, vectors, asOf, signal, batchSize = 500, historyLimit = 500 } = options;
  checkBatchSize(batchSize);
  await vectors.createPartition(version, towers.dims);
  const stored = await vectors.userHashes(version);
  const task = (options.progress ?? silentProgress).start("Embedding viewers", (await store.counts()).people);
  let unchanged = 0;
  let embedded = 0;
  let writing: Promise<void> = Promise.resolve();
  const write = async (batch: readonly PersonHistory[], hashes: readonly string[]): Promise<void> => {
    stopIfAborted(signal);
    const encoded = await towers.embedHistories(batch, { asOf });
    await writing;
    writing = vectors.putUserVectors(version, {
      ids: batch.map(({ person }) => person.id),
      vectors: encoded,
      contentHashes: hashes,
    });
    writing.catch(() => {});
    embedded += batch.length;
    task.advance(batch.length);
  };
  try {
    let batch: PersonHistory[] = [];
    let hashes: string[] = [];
    for await (const history of peopleHistories(store, { limit: historyLimit })) {
      const hash = history.events.length === 0 ? undefined : historyContentHash(history);
      if (hash === undefined || stored.get(history.person.id) === hash) {
        unchanged += hash === undefined ? 0 : 1;
        task.advance(1);
        continue;
      }
      batch.push(history);
      hashes.push(hash);
      if (batch.length < batchSize) continue;
      await write(batch, hashes);
      batch = [];
      hashes = [];
    }
    if (batch.length > 0) await write(batch, hashes);
    await writing;
  } finally {
    await writing.catch(() => {});
    task.done();
  }
  return { embedded, unchanged, removed: 0 };
}
