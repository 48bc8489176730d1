import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { afterEach, expect, test } from "vitest";
import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { startFakeDmm } from "./fake-dmm/mod.ts";
import { expectedItems, storedItems } from "./sync-world.ts";

// Syncs, and kills itself without warning in the middle of writing for the given time, whatever is written then.
const child = (target: string, fake: object, killAt: number): string => `
  import { openDatabase } from "./src/adapters/postgres/mod.ts";
  import { syncWorld } from "./tests/sync-world.ts";
  const database = await openDatabase(...${target});
  let writes = 0;
  const dying = (store, names) => ({ ...store, ...Object.fromEntries(names.map((name) => [name, (...args) => {
    const written = store[name](...args);
    if (++writes === ${killAt}) {
      let ticks = 0;
      const tick = () => (++ticks === 60 ? process.kill(process.pid, "SIGKILL") : queueMicrotask(tick));
      if (${target.includes("directory")}) tick();
      else setImmediate(() => process.kill(process.pid, "SIGKILL"));
    }
    return written;
  }])) });
  const stores = {
    catalogue: dying(database.catalogue, ["putItems"]),
    sync: dying(database.sync, ["commit", "finish"]),
    vectors: dying(database.vectors, ["putItemVectors"]),
  };
  const { sync } = syncWorld(${JSON.stringify(fake)}, stores, { hits: 20, maxOffset: 200 });
  await sync({ batchPages: 3, leaseMs: 100 });
  await database.close();
`;

async function runChild(script: string): Promise<{ readonly signal: string | null; readonly said: string }> {
  const node = spawn(process.execPath, ["--input-type=module", "--eval", script]);
  let said = "";
  for (const stream of [node.stdout, node.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const [code, signal] = (await once(node, "close")) as [number | null, string | null];
  expect([0, null], said).toContain(code);
  return { signal, said };
}

const { DATABASE_URL: url } = process.env;
const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const each of cleanUp.splice(0)) await each();
});

const targets: readonly [string, () => Promise<Parameters<typeof openDatabase>>][] = [
  [
    "embedded",
    async () => {
      const directory = await mkdtemp(join(tmpdir(), "futago-sync-killed-"));
      cleanUp.push(() => rm(directory, { recursive: true, force: true }));
      return [{ directory: join(directory, "database") }, {}];
    },
  ],
  ["server", async () => [{ url: url! }, { schema: `sync_killed_${process.pid}` }]],
];

for (const [name, target] of targets) {
  test.skipIf(name === "server" && !url)(
    `[SY12] killed with SIGKILL in the middle of a write, and run again, it ends as the server's catalogue (${name})`,
    async () => {
      const fake = await startFakeDmm({ items: 600, seed: 12 });
      cleanUp.push(() => fake.close());
      Object.assign(fake.faults, { serverErrors: 0.05, resets: 0.05 });
      const at = await target();
      const { credentials, url: address, floors } = fake;
      let output = "";
      let kills = 0;
      for (const killAt of [3, 10, Infinity]) {
        const { signal, said } = await runChild(
          child(JSON.stringify(at), { credentials, url: address, floors }, killAt),
        );
        output += said;
        if (signal === "SIGKILL") kills++;
      }
      expect(kills).toBe(2);
      const database = await openDatabase(...at);
      cleanUp.push(async () => {
        if (name === "server") {
          await sql`drop schema ${sql.id(`sync_killed_${process.pid}`)} cascade`.execute(database.connection);
        }
        await database.close();
      });
      expect(await storedItems(database.catalogue)).toEqual(expectedItems(fake));
      const vectors = await database.vectors.itemHashes("v1");
      expect([...vectors.keys()].sort()).toEqual([...expectedItems(fake).keys()].sort());
      expect(await database.sync.status()).toMatchObject([{ items: expectedItems(fake).size, cursors: [] }]);
      // Neither the rows of any table nor what was said hold a credential.
      const { rows } = await sql<{ table: string }>`select c.oid::regclass::text as table from pg_class c
        where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'`.execute(
        database.connection,
      );
      let dump = output;
      for (const { table } of rows) {
        const found = await sql<{ text: string }>`select t::text as text from ${sql.raw(table)} t`.execute(
          database.connection,
        );
        dump += found.rows.map(({ text }) => text).join("\n");
      }
      expect(dump).toContain(fake.listing.all()[0]!.title);
      expect(dump).not.toMatch(new RegExp(Object.values(credentials).join("|")));
    },
    120_000,
  );
}
