import { sql } from "kysely";
import { checkDrift, type Database, isTextOf, migrate, readMigrations } from "../../adapters/postgres/mod.ts";
import type { Clock } from "../../base/mod.ts";
import { type Check, type Finding, fine, wrong } from "./check.ts";

/** What these checks look at. */
export interface DatabaseUnderTest {
  /** Its queries end after a few seconds. */
  readonly database: Database;
  /** Runs something that may take long. */
  readonly patiently: <T>(work: (database: Database) => Promise<T>) => Promise<T>;
  readonly clock: Clock;
}

/** A question and its answer should not take longer: 100 ms. A recommendation asks two or three. */
const slowMs = 100;
/** Clocks may differ by so much: events that are sent without a time get that of the service. */
const skewMs = 5000;
/** Beyond this share of its connections a server is near its limit. */
const nearlyFull = 0.8;

/**
 * What must be in order of a database itself, before its contents.
 *
 * @param under An open database, migrated or not.
 * @returns The checks, in the order in which they should be run.
 */
export function databaseChecks(under: DatabaseUnderTest): readonly Check[] {
  return [
    { name: "database", look: () => reachable(under) },
    { name: "writable", look: () => writable(under) },
    { name: "connections", look: () => connections(under) },
    { name: "pgvector", look: () => extension(under) },
    { name: "clock", look: () => clocks(under) },
    { name: "migrations", look: () => migrations(under) },
  ];
}

/**
 * What must be in order of the schema once every migration has run.
 *
 * @param under A migrated database.
 * @returns The check.
 */
export function schemaChecks(under: DatabaseUnderTest): readonly Check[] {
  return [{ name: "schema", look: () => schema(under) }];
}

async function reachable({ database, clock }: DatabaseUnderTest): Promise<Finding> {
  // The first one connects.
  await database.ping();
  const times: number[] = [];
  for (let i = 0; i < 5; i++) {
    const began = clock.now();
    await database.ping();
    times.push(clock.now() - began);
  }
  const median = times.sort((a, b) => a - b)[2]!;
  const says = `${database.kind === "pglite" ? "embedded" : "a server"}, a question takes ${median} ms`;
  if (median < slowMs) return fine(says);
  return wrong(says, "see its load and how far away it is; answers need two or three questions");
}

async function writable({ database: { connection } }: DatabaseUnderTest): Promise<Finding> {
  const { rows } = await sql<{ read_only: boolean; standby: boolean }>`
    select current_setting('transaction_read_only')::boolean as read_only, pg_is_in_recovery() as standby`.execute(
    connection,
  );
  const { read_only, standby } = rows[0]!;
  if (!read_only) return fine("takes changes");
  return wrong(
    standby ? "is a standby: it takes no changes" : "is read-only: events are refused",
    standby
      ? "connect to the primary"
      : "see why (a full disk on Supabase), then: alter database … reset default_transaction_read_only",
  );
}

async function connections({ database }: DatabaseUnderTest): Promise<Finding> {
  if (database.kind === "pglite") return fine("embedded: one, of its own");
  const { rows } = await sql<{ used: number; most: number; own_used: number; own_most: number }>`
    select count(*)::int as used,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as most,
      (count(*) filter (where datname = current_database()))::int as own_used,
      (select datconnlimit from pg_database where datname = current_database()) as own_most
    from pg_stat_activity where backend_type = 'client backend'`.execute(database.connection);
  const { used, most, own_used, own_most } = rows[0]!;
  const own = own_most >= 0 ? `, of this database ${own_used} of ${own_most}` : "";
  const says = `${used} of ${most} taken${own}`;
  const full = used >= nearlyFull * most || (own_most >= 0 && own_used >= nearlyFull * own_most);
  if (!full) return fine(says);
  return wrong(says, "connect through a pooler, run fewer instances, or raise the limit");
}

async function extension({ database, patiently }: DatabaseUnderTest): Promise<Finding> {
  const { rows } = await sql<{ version: string }>`
    select extversion as version from pg_extension where extname = 'vector'`.execute(database.connection);
  const version = rows[0]?.version;
  if (version === undefined) {
    return wrong("pgvector is missing", "create extension vector, as somebody who may", () =>
      patiently(async ({ connection }) => {
        await sql`create extension if not exists vector`.execute(connection);
        return "created the extension vector";
      }),
    );
  }
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  const number = major * 1e6 + minor * 1e3 + patch;
  if (number < 8_000) {
    return wrong(
      `${version}: filtered searches fall back to exact ones`,
      "install pgvector 0.8 or newer, then: alter extension vector update",
    );
  }
  const note =
    number < 8_002 ? "; indexes are built by one worker, as before 0.8.2 more may damage memory" : "";
  return fine(`${version}${note}`);
}

async function migrations({ database, patiently }: DatabaseUnderTest): Promise<Finding> {
  const carried = await readMigrations();
  const { rows: known } = await sql<{ there: boolean }>`
    select to_regclass('futago_migrations') is not null as there`.execute(database.connection);
  const rows = known[0]!.there
    ? await database.connection.selectFrom("futago_migrations").select(["name", "hash"]).execute()
    : [];
  const applied = new Map(rows.map(({ name, hash }) => [name, hash]));
  const changed = carried.filter((each) => !isTextOf(each, applied.get(each.name) ?? ""));
  const missing = changed.filter(({ name }) => !applied.has(name));
  if (changed.length > missing.length) {
    const names = changed.filter(({ name }) => applied.has(name)).map(({ name }) => name);
    return wrong(
      `${names.join(", ")} ran with another text`,
      "put the file back as it was, and what it should do now into a new one",
    );
  }
  if (missing.length === 0) return fine(`all ${carried.length} have run`);
  return wrong(
    `${missing.length} of ${carried.length} have not run: ${missing[0]!.name}${missing.length > 1 ? " …" : ""}`,
    "futago doctor --fix; any command that opens the database runs them, too",
    async () => {
      const ran = await patiently(({ connection }) => migrate(connection));
      return `ran ${ran.length} migrations`;
    },
  );
}

async function schema({ database, patiently }: DatabaseUnderTest): Promise<Finding> {
  // That a partition is there and has its index is looked at beside its vectors; here that it is closed.
  const issues = (await checkDrift(database.connection)).filter(
    ({ kind, expected }) =>
      kind !== "partition" || expected === "row security" || expected === "closed to viewers",
  );
  const first = issues[0];
  if (first === undefined) return fine("is what the migrations make");
  const more = issues.length > 1 ? ` and ${issues.length - 1} more` : "";
  const open = [...new Set(issues.filter(({ kind }) => kind === "partition").map(({ object }) => object))];
  return wrong(
    `${first.kind} ${first.object} is not what the migrations make${more}`,
    [
      ...new Set(
        issues.map(({ expected, mend }) =>
          expected === undefined ? mend : "futago doctor --fix runs the migrations again",
        ),
      ),
    ].join("; "),
    () =>
      patiently(async ({ connection }) => {
        await migrate(connection, { again: true });
        for (const table of open) await closePartition(connection, table);
        return `ran every migration again${open.length > 0 ? `, closed partitions: ${open.length}` : ""}`;
      }),
  );
}

/** Nobody but its owner and the service role reaches a partition. */
async function closePartition(db: Database["connection"], table: string): Promise<void> {
  await sql`alter table ${sql.table(table)} enable row level security`.execute(db);
  const { rows } = await sql<{ role: string }>`
    select rolname::text as role from pg_roles where rolname in ('anon', 'authenticated')`.execute(db);
  for (const to of [sql`public`, ...rows.map(({ role }) => sql.id(role))]) {
    await sql`revoke all on ${sql.table(table)} from ${to}`.execute(db);
  }
}

async function clocks({ database, clock }: DatabaseUnderTest): Promise<Finding> {
  const before = clock.now();
  const { rows } = await sql<{ now: number }>`
    select (extract(epoch from clock_timestamp()) * 1000)::double precision as now`.execute(
    database.connection,
  );
  const after = clock.now();
  const skew = Math.round(rows[0]!.now - (before + after) / 2);
  const says = `the database's is ${Math.abs(skew)} ms ${skew < 0 ? "behind" : "ahead"}`;
  if (Math.abs(skew) <= skewMs + (after - before)) return fine(says);
  return wrong(says, "set both by NTP; tokens and times of events depend on them");
}
