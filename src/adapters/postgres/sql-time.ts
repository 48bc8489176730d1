import { type RawBuilder, sql } from "kysely";
import type { Clock } from "../../base/mod.ts";

/** The moment a statement is sent at: a clock's, or the database's. */
export function timeOf(clock: Clock | undefined): RawBuilder<unknown> {
  return clock === undefined
    ? sql`clock_timestamp()`
    : sql`to_timestamp(${clock.now()}::double precision / 1000)`;
}

/** An interval. */
export function milliseconds(count: number): RawBuilder<unknown> {
  return sql`make_interval(secs => ${count}::double precision / 1000)`;
}

/** A column with a moment, as milliseconds since 1970. */
export function moment(column: string): RawBuilder<unknown> {
  return sql`round(extract(epoch from ${sql.ref(column)}) * 1000)::float8`;
}
