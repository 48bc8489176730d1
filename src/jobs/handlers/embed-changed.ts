import type { Clock } from "../../base/mod.ts";
import type { CatalogueStore } from "../../catalogue/mod.ts";
import { embedCatalogue, embedPeople, type VectorStore } from "../../embeddings/mod.ts";
import type { LoadedModel, ModelVersion, VersionStore } from "../../registry/mod.ts";
import type { JobHandler } from "../worker.ts";

/** What {@link createEmbedChanged} works with. */
export interface EmbedChangedDeps {
  readonly store: CatalogueStore;
  readonly vectors: VectorStore;
  readonly versions: VersionStore;
  /** Opens a version; it is closed again. */
  readonly open: (version: ModelVersion) => Promise<LoadedModel>;
  readonly clock: Clock;
  /** Rows in one matrix product; fewer where memory does not suffice. @default 500 */
  readonly batchSize?: number;
}

/**
 * The job `embed-changed`: brings the vectors of videos and viewers under the active version up to date.
 *
 * @param deps Stores, and how to open a version.
 * @returns The handler; where no version is active it does nothing and says so.
 */
export function createEmbedChanged(deps: EmbedChangedDeps): JobHandler {
  const { store, vectors, versions, open, clock, batchSize = 500 } = deps;
  return {
    concurrency: 1,
    run: async ({ signal }) => {
      const active = await versions.active();
      if (active === undefined) return { reason: "no version is active" };
      const { version } = active;
      const { towers, close } = await open(active);
      try {
        const work = { towers, version, store, vectors, signal, batchSize };
        const items = await embedCatalogue(work);
        const people = await embedPeople({ ...work, asOf: clock.now() });
        return {
          modelVersion: version,
          counts: {
            videos: items.embedded,
            videosUnchanged: items.unchanged,
            videosRemoved: items.removed,
            viewers: people.embedded,
            viewersUnchanged: people.unchanged,
          },
        };
      } finally {
        await close();
      }
    },
  };
}
