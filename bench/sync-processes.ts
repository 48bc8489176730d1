import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { sql } from "kysely";
import { createFileBlobStore } from "../src/adapters/blob-fs/mod.ts";
import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { type Database, openDatabase } from "../src/adapters/postgres/mod.ts";
import { createRandom } from "../src/base/mod.ts";
import { createDeployer } from "../src/registry/mod.ts";
import type { SyncSummary } from "../src/sync/mod.ts";
import type { FakeDmm } from "../tests/fake-dmm/mod.ts";
import { tinyModel } from "../tests/tiny-model.ts";

/** A database of its own with an active version, and the command line that syncs it. */
export interface SyncWorld {
  readonly database: Database;
  readonly url: string;
  readonly version: string;
  /** Everything that the command line has said. */
  readonly said: () => string;
  /** Runs `futago sync dmm` to its end. */
  sync(args?: readonly string[]): Promise<CalmSync>;
  /** Runs it again and again until it ends, killing it meanwhile and letting the quota run out. */
  syncThrough(args: readonly string[], options: SyncThroughOptions): Promise<TroubledSync>;
  /** Drops the database. */
  drop(): Promise<void>;
}

/** A sync that nothing came between. */
export interface CalmSync {
  readonly summary: SyncSummary;
  readonly requests: number;
  readonly seconds: number;
}

/** What comes between. */
export interface SyncThroughOptions {
  /** From a process's first question to its end by SIGKILL, half to one and a half of it at first, in milliseconds. */
  readonly killEveryMs: number;
  /** Requests until the quota is used up, each time anew. */
  readonly quota: number;
  readonly log: (line: string) => void;
}

/** A sync that something came between. */
export interface TroubledSync {
  readonly seconds: number;
  readonly requests: number;
  /** Processes that were started, and what became of them; the last one ended well. */
  readonly processes: number;
  readonly killed: number;
  readonly exhausted: number;
  readonly otherwiseFailed: number;
}

/** Settings that take the place of waiting: the API is asked at once, as often as is wanted. */
const quick = ["--rate", "1000", "--daily", "1000000"];

/**
 * Makes a database, deploys a model into it, and runs the command line with it.
 *
 * @param name Of the database.
 * @param options The server, the home of models, and the API.
 * @returns The world; drop it.
 */
export async function openSyncWorld(
  name: string,
  { serverUrl, home, fake }: { readonly serverUrl: string; readonly home: string; readonly fake: FakeDmm },
): Promise<SyncWorld> {
  await onServer(serverUrl, `create database ${name}`);
  const url = Object.assign(new URL(serverUrl), { pathname: `/${name}` }).href;
  const database = await openDatabase({ url });
  const runtime = await createOrtRuntime();
  const blobs = createFileBlobStore(home);
  const deployer = createDeployer({ blobs, versions: database.versions, runtime, clock: Date });
  const { model, dataset } = tinyModel();
  const { version } = await deployer.register(model, { dataset });
  await deployer.promote(version);
  const { apiId, affiliateId } = fake.credentials;
  const settings = { DATABASE_URL: url, FUTAGO_HOME: home, DMM_API_URL: fake.url };
  const env = { ...process.env, ...settings, DMM_API_ID: apiId, DMM_AFFILIATE_ID: affiliateId };
  let said = "";
  const start = (args: readonly string[]) => {
    const all = [
      "bin/futago.mjs",
      "sync",
      "dmm",
      "--floors",
      fake.floors.join(),
      ...quick,
      "--json",
      ...args,
    ];
    const child = spawn(process.execPath, all, { env });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    const ended = once(child, "close").then(([code, signal]) => {
      said += stdout + stderr;
      return { code: code as number | null, killed: signal === "SIGKILL", stdout, stderr };
    });
    return { ended, kill: () => child.kill("SIGKILL") };
  };
  // The half minute for which the place of a killed sync is kept, and the hours for which a refused key is left alone.
  const letTimePass = async (): Promise<void> => {
    await sql`update sync_leases set expires_at = now()`.execute(database.connection);
    await sql`update sync_quotas set state = jsonb_set(state, '{pausedUntil}', '0')`.execute(
      database.connection,
    );
  };
  return {
    database,
    url,
    version,
    said: () => said,
    async sync(args = []) {
      const [asked, began] = [fake.requests.total, performance.now()];
      const { code, stdout, stderr } = await start(args).ended;
      if (code !== 0) throw new Error(`The sync ended with ${code}: ${stderr}`);
      const summary = JSON.parse(stdout.trim().split("\n").at(-1)!) as SyncSummary;
      return { summary, requests: fake.requests.total - asked, seconds: since(began) };
    },
    async syncThrough(args, { killEveryMs, quota, log }) {
      const random = createRandom(5);
      const [before, began] = [fake.requests.total, performance.now()];
      const count = { processes: 0, killed: 0, exhausted: 0, otherwiseFailed: 0 };
      const refusals = ["object", "list", "unexplained"] as const;
      fake.faults.quota = quota;
      for (;;) {
        count.processes++;
        const asked = fake.requests.total;
        const { ended, kill } = start(args);
        let over = false;
        const outcome = ended.finally(() => {
          over = true;
        });
        while (!over && fake.requests.total === asked) await setTimeout(10);
        // Longer each time, so that it ends where a machine is too slow to keep a batch meanwhile.
        const killAfterMs = killEveryMs * (0.5 + random.next()) * 1.05 ** count.killed;
        await Promise.race([outcome, setTimeout(killAfterMs)]);
        if (!over) kill();
        const { code, killed, stderr } = await outcome;
        if (code === 0) break;
        if (killed) count.killed++;
        else if (stderr.includes("Cannot ask the DMM API now")) {
          fake.faults.refusal = refusals[count.exhausted++ % refusals.length]!;
          fake.faults.quota = quota;
        } else if (count.otherwiseFailed++ > 20) throw new Error(`The sync ended with ${code}: ${stderr}`);
        await letTimePass();
      }
      fake.faults.quota = Number.POSITIVE_INFINITY;
      const requests = fake.requests.total - before;
      log(`${count.processes} processes, ${count.killed} killed, ${count.exhausted} times out of quota`);
      return { seconds: since(began), requests, ...count };
    },
    async drop() {
      await database.close();
      await onServer(serverUrl, `drop database if exists ${name} with (force)`);
    },
  };
}

async function onServer(url: string, statement: string): Promise<void> {
  const database = await openDatabase({ url }, { migrate: false });
  await sql.raw(statement).execute(database.connection);
  await database.close();
}

function since(began: number): number {
  return Math.round((performance.now() - began) / 10) / 100;
}
