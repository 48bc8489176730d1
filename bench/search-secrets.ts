import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import type { Database } from "../src/adapters/postgres/mod.ts";

/** Where texts were looked for, and how often one was there. */
export interface Searched {
  readonly found: number;
  /** How much was looked through: rows, or bytes. */
  readonly looked: number;
}

/** Ways in which a secret could be written. */
export function writtenForms(secrets: readonly string[]): readonly string[] {
  return [
    ...new Set(
      secrets.flatMap((secret) => [
        secret,
        encodeURIComponent(secret),
        Buffer.from(secret).toString("base64").replace(/=+$/, ""),
        Buffer.from(secret).toString("hex"),
      ]),
    ),
  ];
}

/** Looks through every row of every table, those of partitions included. */
export async function searchTables({ connection }: Database, texts: readonly string[]): Promise<Searched> {
  const { rows: tables } = await sql<{ name: string }>`select c.oid::regclass::text as name from pg_class c
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'`.execute(connection);
  let [found, looked] = [0, 0];
  for (const { name } of tables) {
    const { rows } = await sql<{ found: number; looked: number }>`
      select count(*)::int as looked, count(*) filter (where exists (
        select from jsonb_array_elements_text(${JSON.stringify(texts)}::text::jsonb) s where position(s in t::text) > 0
      ))::int as found from ${sql.raw(name)} t`.execute(connection);
    found += rows[0]!.found;
    looked += rows[0]!.looked;
  }
  return { found, looked };
}

/** Looks through what `pg_dump` writes of a database; undefined where the machine has none. */
export async function searchDump(url: string, texts: readonly string[]): Promise<Searched | undefined> {
  const dump = spawn("pg_dump", ["--no-password", url], { stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(dump, "close").catch(() => [undefined]);
  const search = searchText(texts);
  for await (const part of dump.stdout) search.add((part as Buffer).toString("latin1"));
  const [code] = (await ended) as [number | undefined];
  return code === 0 ? search.result() : undefined;
}

/** Looks through every file of a folder. */
export async function searchFiles(folder: string, texts: readonly string[]): Promise<Searched> {
  const search = searchText(texts);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) search.add(await readFile(join(entry.parentPath, entry.name), "latin1"));
  }
  return search.result();
}

/** Looks through text that comes in parts; what lies over the edge of two is found too. */
export function searchText(texts: readonly string[]): { add(part: string): void; result(): Searched } {
  const longest = Math.max(...texts.map((text) => text.length));
  let [found, looked, rest] = [0, 0, ""];
  return {
    add(part) {
      looked += part.length;
      const whole = rest + part;
      for (const text of texts) if (whole.includes(text)) found++;
      rest = whole.slice(1 - longest);
    },
    result: () => ({ found, looked }),
  };
}
