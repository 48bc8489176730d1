import type { Selectable } from "kysely";
import { sql } from "kysely";
import { FutagoError } from "../../base/mod.ts";
import {
  type ModelVersion,
  semanticVersionTaken,
  unregistered,
  type VersionStore,
} from "../../registry/mod.ts";
import { withBriefLocks } from "./brief-locks.ts";
import type { Connection } from "./connection.ts";
import { storableJson } from "./storable-json.ts";
import type { Tables } from "./tables.ts";

/**
 * The rows of `embedding_model_versions`.
 *
 * @param db A migrated database.
 * @returns The store.
 */
export function createVersionStore(db: Connection): VersionStore {
  const all = () => db.selectFrom("embedding_model_versions").selectAll();
  const first = (row: Selectable<Tables["embedding_model_versions"]> | undefined) =>
    row === undefined ? undefined : rowToVersion(row);
  return {
    add: async (version) => {
      const { rows } = await translated(
        version.semanticVersion,
        sql`
        insert into embedding_model_versions
          (version, semantic_version, dims, preset, manifest_hash, metrics, parent, description, created_at)
        values (${version.version}, ${version.semanticVersion}, ${version.dims}, ${version.preset}, ${version.manifestHash},
          ${storableJson(version.metrics)}::text::jsonb, ${version.parent}, ${version.description},
          to_timestamp(${version.createdAt}::double precision / 1000))
        on conflict (version) do nothing returning version`.execute(db),
      );
      if (rows.length === 0) {
        throw new RangeError(
          `Cannot add version "${version.version}" as its name must be new: give the new one another name`,
        );
      }
    },
    relabel: async (version, { semanticVersion = null, description = null }) => {
      const { rows } = await translated(
        semanticVersion ?? "",
        sql`update embedding_model_versions
          set semantic_version = coalesce(${semanticVersion}, semantic_version),
            description = coalesce(${description}, description)
          where version = ${version} returning version`.execute(db),
      );
      if (rows.length === 0) throw unregistered("relabel", version);
    },
    list: async () =>
      (await all().orderBy("created_at", "desc").orderBy("version", "desc").execute()).map(rowToVersion),
    get: async (version) => first(await all().where("version", "=", version).executeTakeFirst()),
    active: async () => first(await all().where("status", "=", "active").executeTakeFirst()),
    activate: (version) =>
      db.transaction().execute(async (trx) => {
        const status = await lockedStatus(trx, version);
        if (status === undefined) throw unregistered("activate", version);
        if (status === "active") return;
        await trx
          .updateTable("embedding_model_versions")
          .set({ status: "retired" })
          .where("status", "=", "active")
          .execute();
        // Strictly later than every earlier switch, whatever the clock did: previous() goes by it.
        await sql`update embedding_model_versions set status = 'active', activated_at = greatest(
            date_trunc('milliseconds', clock_timestamp()),
            (select max(activated_at) + interval '1 millisecond' from embedding_model_versions))
          where version = ${version}`.execute(trx);
      }),
    putImportance: (version, features) =>
      db.transaction().execute(async (trx) => {
        if ((await lockedStatus(trx, version)) === undefined) throw unregistered("measure", version);
        await sql`delete from feature_importance where model_version = ${version}`.execute(trx);
        const rows = features.map(({ side, feature, mean, low, high }) => {
          return { feature: `${side}.${feature}`, importance: mean, low, high };
        });
        await sql`insert into feature_importance (model_version, feature, importance, low, high)
          select ${version}, feature, importance, low, high from jsonb_to_recordset(${storableJson(rows)}::text::jsonb)
            as r (feature text, importance double precision, low double precision, high double precision)`.execute(
          trx,
        );
      }),
    importance: async (version) => {
      const { rows } = await sql<ImportanceRow>`
        select feature, importance as mean, coalesce(low, importance) as low, coalesce(high, importance) as high
        from feature_importance where model_version = ${version}
        order by importance desc, feature collate "C"`.execute(db);
      return rows.map(({ feature, ...estimate }) => {
        const dot = feature.indexOf(".");
        const side = feature.slice(0, dot) === "user" ? "user" : "item";
        return { side, feature: feature.slice(dot + 1), ...estimate };
      });
    },
    previous: async () =>
      first(
        await all()
          .where("status", "=", "retired")
          .where("activated_at", "is not", null)
          .orderBy("activated_at", "desc")
          .limit(1)
          .executeTakeFirst(),
      ),
    remove: (version) =>
      withBriefLocks(db, {
        busy: (cause) => stillInUse(version, cause),
        work: async (trx) => {
          const status = await lockedStatus(trx, version);
          if (status === "active") {
            throw new RangeError(
              `Cannot remove version "${version}" as it must not be active: activate another one first`,
            );
          }
          await sql`select drop_embedding_partition(${version})`.execute(trx);
          await trx.deleteFrom("embedding_model_versions").where("version", "=", version).execute();
        },
      }),
  };
}

interface ImportanceRow {
  /** The side, a dot, the name. */
  readonly feature: string;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Where a version stands. One change at a time until the transaction ends: of two at once the second sees what the first did. */
async function lockedStatus(trx: Connection, version: string): Promise<ModelVersion["status"] | undefined> {
  await sql`select pg_advisory_xact_lock(hashtextextended('futago activate', 0))`.execute(trx);
  const known = await trx
    .selectFrom("embedding_model_versions")
    .select("status")
    .where("version", "=", version)
    .executeTakeFirst();
  return known?.status;
}

function stillInUse(version: string, cause: unknown): FutagoError {
  return new FutagoError(
    "database_busy",
    `Cannot remove version "${version}" as its tables must be free for a moment: they stay in use; ` +
      "run futago models prune again when no import runs",
    { cause, details: { version } },
  );
}

async function translated<Result>(semanticVersion: string, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    // unique_violation: the name itself is asked for before.
    if (codeOf(error) === "23505") throw semanticVersionTaken(semanticVersion);
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
}

/** The version of a row. */
export function rowToVersion(row: Selectable<Tables["embedding_model_versions"]>): ModelVersion {
  return {
    version: row.version,
    semanticVersion: row.semantic_version,
    status: row.status,
    dims: row.dims,
    preset: row.preset,
    manifestHash: row.manifest_hash,
    metrics: row.metrics as Readonly<Record<string, number>>,
    parent: row.parent,
    description: row.description,
    createdAt: row.created_at.getTime(),
    activatedAt: row.activated_at?.getTime() ?? null,
  };
}
