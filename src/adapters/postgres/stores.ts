import { sql } from "kysely";
import type { CatalogueStore, DmmQuotaStore, PersonRecords } from "../../catalogue/mod.ts";
import type { VectorStore } from "../../embeddings/mod.ts";
import type { AlertStore, JobQueue } from "../../jobs/mod.ts";
import type { VersionStore } from "../../registry/mod.ts";
import type { SyncStore } from "../../sync/mod.ts";
import type { StudyStore } from "../../tuning/mod.ts";
import { createAlertStore } from "./alert-store.ts";
import { createCatalogueStore } from "./catalogue-store.ts";
import type { Connection, OpenConnection } from "./connection.ts";
import { createJobQueue } from "./job-queue.ts";
import type { Listening } from "./listen-on-server.ts";
import { createPersonRecords } from "./person-records.ts";
import { createQuotaStore } from "./quota-store.ts";
import { createStudyStore } from "./study-store.ts";
import { createSyncStore } from "./sync-store.ts";
import { createVectorStore } from "./vector-store.ts";
import { createVersionStore } from "./version-store.ts";

/** The stores over an open connection: everything of a database but its migrations, which lie in files. */
export interface DatabaseStores {
  readonly kind: "postgres" | "pglite";
  readonly catalogue: CatalogueStore;
  readonly versions: VersionStore;
  readonly vectors: VectorStore;
  readonly people: PersonRecords;
  /** What syncs with sources of the catalogue keep. */
  readonly sync: SyncStore;
  /** What is remembered of the key of a source, by its name. */
  quotaOf(source: string): DmmQuotaStore;
  readonly jobs: JobQueue;
  /** Studies of settings and their trials. */
  readonly tuning: StudyStore;
  /** What was told of what is broken. */
  readonly alerts: AlertStore;
  /** For queries that are no store's business: tests, reports. */
  readonly connection: Connection;
  /**
   * Tells of another active version by its name, at once, and without a name whenever a notice may have been missed;
   * through a transaction pooler never, so ask from time to time too.
   */
  onModelsChanged(changed: (version?: string) => void): Promise<Listening>;
  /** Answers when the database does; FutagoError `database_unreachable` otherwise. */
  ping(): Promise<void>;
  /** Ends the connections, and gives the directory free. */
  close(): Promise<void>;
}

/**
 * The stores over an open connection.
 *
 * @param opened A connection and how it is closed.
 * @param options `indexFromRows` as for `openDatabase`.
 * @returns The stores; nothing was asked of the database yet.
 */
export function createStores(
  opened: OpenConnection,
  options: { readonly indexFromRows?: number },
): DatabaseStores {
  const { kind, db, listen, close } = opened;
  const indexFromRows = options.indexFromRows ?? (kind === "pglite" ? 200_000 : 10_000);
  return {
    kind,
    catalogue: createCatalogueStore(db),
    versions: createVersionStore(db),
    vectors: createVectorStore(db, { indexFromRows }),
    people: createPersonRecords(db),
    sync: createSyncStore(db),
    quotaOf: (source) => createQuotaStore(db, source),
    jobs: createJobQueue(db),
    tuning: createStudyStore(db),
    alerts: createAlertStore(db),
    connection: db,
    onModelsChanged: (changed) => listen({ channel: "futago_models", heard: changed }),
    ping: async () => {
      await sql`select 1`.execute(db);
    },
    close,
  };
}
