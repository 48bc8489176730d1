import { type Progress, silentProgress } from "../base/mod.ts";
import type { CatalogueStore, PersonHistory } from "../catalogue/mod.ts";
import { historyContentHash } from "./content-hash.ts";
import type { EmbedSummary } from "./embed-catalogue.ts";
import { type Candidate, checkBatchSize, embedChanged } from "./embed-changed.ts";
import { peopleHistories } from "./people-histories.ts";
import type { VectorStore } from "./vector-store.ts";

/** As much of a pair of towers as embedding people needs. */
export interface UserTower {
  readonly dims: number;
  /** How many of a person's newest events it reads. */
  readonly historyEvents: number;
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
  const { towers, version, store, vectors, asOf, signal, batchSize = 500 } = options;
  checkBatchSize(batchSize);
  await vectors.createPartition(version, towers.dims);
  const stored = await vectors.userHashes(version);
  const task = (options.progress ?? silentProgress).start("Embedding viewers", (await store.counts()).people);
  async function* active(): AsyncIterable<Candidate<PersonHistory>> {
    for await (const history of peopleHistories(store, { limit: towers.historyEvents })) {
      if (history.events.length === 0) task.advance(1);
      else
        yield {
          row: history,
          id: history.person.id,
          hash: await historyContentHash(history, towers.historyEvents),
        };
    }
  }
  try {
    const done = await embedChanged(active(), {
      stored,
      encode: (people) => towers.embedHistories(people, { asOf }),
      put: (batch) => vectors.putUserVectors(version, batch),
      batchSize,
      task,
      signal,
    });
    return { ...done, removed: 0 };
  } finally {
    task.done();
  }
}
