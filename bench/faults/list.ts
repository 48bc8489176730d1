import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { sql } from "kysely";
import type { Database } from "../../src/adapters/postgres/mod.ts";
import { role, type World } from "./world.ts";

/** Something that breaks. */
export interface Fault {
  readonly name: string;
  readonly make: (world: World) => Promise<unknown>;
  /** Takes the cause away; what was broken in the engine must find out by itself. */
  readonly mend: (world: World) => Promise<unknown>;
}

function bundleFault(name: string, make: (file: World["file"]) => Promise<void>): Fault {
  let whole: ReadonlyMap<string, Uint8Array>;
  const files = ["manifest.json", "user_tower.onnx", "item_tower.onnx"];
  return {
    name: `bundle ${name}`,
    make: async ({ file, reopen }) => {
      whole = new Map(
        await Promise.all(files.map(async (each) => [each, await readFile(file(each))] as const)),
      );
      await make(file);
      await reopen();
    },
    mend: async ({ file }) => {
      for (const [each, bytes] of whole) await writeFile(file(each), bytes);
    },
  };
}

/** In the order in which they are made. */
export const faults: readonly Fault[] = [
  bundleFault("missing", (file) => rm(file("manifest.json"))),
  bundleFault("truncated", (file) => truncate(file("user_tower.onnx"), 100)),
  bundleFault("bit-flipped", async (file) => {
    const bytes = await readFile(file("item_tower.onnx"));
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(file("item_tower.onnx"), bytes);
  }),
  bundleFault("of another schema", async (file) => {
    const manifest = JSON.parse(await readFile(file("manifest.json"), "utf8")) as object;
    await writeFile(
      file("manifest.json"),
      JSON.stringify({ ...manifest, featureSchemaHash: "0".repeat(64) }),
    );
  }),
  {
    name: "storage down",
    make: async ({ storage, reopen }) => {
      storage.mode = "fails";
      await reopen();
    },
    mend: async ({ storage }) => {
      storage.mode = "works";
    },
  },
  {
    name: "storage hangs",
    make: async ({ storage, reopen }) => {
      storage.mode = "hangs";
      await reopen();
    },
    mend: async ({ storage }) => {
      storage.mode = "works";
    },
  },
  {
    name: "executor out of memory",
    make: async ({ memory }) => {
      memory.enough = false;
    },
    mend: async ({ memory }) => {
      memory.enough = true;
    },
  },
  { name: "database down", make: ({ line }) => line.cut(), mend: ({ line }) => line.mend() },
  { name: "database frozen", make: ({ line }) => line.freeze(), mend: ({ line }) => line.mend() },
  { name: "database slow (5 s)", make: ({ line }) => line.slow(5000), mend: ({ line }) => line.mend() },
  {
    name: "database read-only",
    make: async (world) => {
      await alter(world, "set default_transaction_read_only = on");
      await disconnect(world);
    },
    mend: async (world) => {
      await alter(world, "reset default_transaction_read_only");
      await disconnect(world);
    },
  },
  {
    name: "database without connections",
    make: async (world) => {
      await alter(world, "connection limit 0");
      await disconnect(world);
    },
    mend: (world) => alter(world, "connection limit -1"),
  },
  {
    name: "partition without its index",
    make: async ({ owner, version }) =>
      sql`drop index ${sql.table(`${await tableOf(owner, version)}_hnsw`)}`.execute(owner.connection),
    mend: ({ owner, version }) => owner.vectors.buildIndex(version),
  },
  {
    name: "partition dropped",
    make: ({ owner, version }) => owner.vectors.dropPartition(version),
    mend: ({ embed }) => embed(),
  },
];

async function tableOf({ connection }: Database, version: string): Promise<string> {
  const row = await connection
    .selectFrom("embedding_partitions")
    .select("videos_table")
    .where("model_version", "=", version)
    .executeTakeFirstOrThrow();
  return row.videos_table;
}

const alter = ({ admin, name }: World, what: string) =>
  sql`alter database ${sql.id(name)} ${sql.raw(what)}`.execute(admin.connection);

/** Ends the connections of what serves. */
const disconnect = ({ admin, name }: World) =>
  sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = ${name} and usename = ${role}`.execute(admin.connection);
