export { type Database, type DatabaseLocation, type DatabaseOptions, openDatabase } from "./database.ts";
export { type Migration, migrate, readMigrations } from "./migrate.ts";
