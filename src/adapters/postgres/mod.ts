export type { QueryBounds } from "./bound-queries.ts";
export { type Database, type DatabaseLocation, type DatabaseOptions, openDatabase } from "./database.ts";
export type { SchemaKind } from "./describe-schema.ts";
export { checkDrift, type DriftIssue, describeDatabase, type SchemaDescription } from "./drift.ts";
export { isTextOf, type MigrateOptions, type Migration, migrate, readMigrations } from "./migrate.ts";
export { refreshPopularity } from "./refresh-popularity.ts";
