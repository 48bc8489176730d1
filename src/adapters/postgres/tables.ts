import type { ColumnType, Generated } from "kysely";

/** A timestamptz: read as a Date, written as anything Postgres reads. */
type Moment = ColumnType<Date, Date | string, Date | string>;
type Json = ColumnType<Readonly<Record<string, unknown>>, string, string>;

/** The tables of `supabase/migrations` as kysely sees them: those that are read or written by its builder. */
export interface Tables {
  readonly embedding_model_versions: {
    readonly version: string;
    readonly semantic_version: string;
    readonly status: Generated<"candidate" | "active" | "retired">;
    readonly dims: number;
    readonly preset: string;
    readonly manifest_hash: string;
    readonly metrics: Json;
    readonly parent: string | null;
    readonly description: string;
    readonly created_at: Moment;
    readonly activated_at: Moment | null;
  };
  readonly embedding_partitions: {
    readonly model_version: string;
    readonly dims: number;
    readonly videos_table: string;
    readonly users_table: string;
    readonly indexed: boolean;
  };
  readonly futago_migrations: {
    readonly name: string;
    readonly hash: string;
    readonly applied_at: Generated<Date>;
    readonly platform: Generated<string>;
  };
  readonly import_cursors: {
    readonly source: string;
    readonly lines: ColumnType<Readonly<Record<string, number>>, string, string>;
    readonly updated_at: Generated<Date>;
  };
  readonly videos: { readonly video_id: string; readonly withdrawn: boolean };
  readonly profiles: { readonly user_id: string };
}
