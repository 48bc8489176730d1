import type { Clock } from "../../base/mod.ts";
import type { CatalogueStore } from "../../catalogue/mod.ts";
import { embedCatalogue, embedPeople, keptVersions, type VectorStore } from "../../embeddings/mod.ts";
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
 * The job `embed-changed`: brings the vectors of videos and viewers up to date, under the active version and under newer ones
 * that are being deployed.
 *
 * @param deps Stores, and how to open a version.
 * @returns The handler, whose record counts what all versions had; where there is none it does nothing and says so.
 */
export function createEmbedChanged(deps: EmbedChangedDeps): JobHandler {
  const { store, vectors, versions, open, clock, batchSize = 500 } = deps;
  return {
    concurrency: 1,
    run: async ({ signal }) => {
      const kept = await keptVersions({ versions, vectors });
      if (kept.length === 0) return { reason: "no version is active" };
      const counts = { videos: 0, videosUnchanged: 0, videosRemoved: 0, viewers: 0, viewersUnchanged: 0 };
      for (const row of kept) {
        const { towers, close } = await open(row);
        try {
          const work = { towers, version: row.version, store, vectors, signal, batchSize };
          const items = await embedCatalogue(work);
          const people = await embedPeople({ ...work, asOf: clock.now() });
          counts.videos += items.embedded;
          counts.videosUnchanged += items.unchanged;
          counts.videosRemoved += items.removed;
          counts.viewers += people.embedded;
          counts.viewersUnchanged += people.unchanged;
        } finally {
          await close();
        }
      }
      return { modelVersion: kept[0]!.version, counts };
    },
  };
}
