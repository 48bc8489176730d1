import { execFile, spawn } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { startFakeDmm } from "../tests/fake-dmm/mod.ts";
import { claimsOf, newKey, signed } from "../tests/token-issuer.ts";
import { bundleEdge } from "../tools/bundle-edge.ts";
import { deno, supabaseDeno } from "../tools/deno.ts";
import { functionFolders } from "../tools/function-folders.ts";
import type { Benchmark } from "./benchmark.ts";
import { compareRuntimes } from "./edge/compare-runtimes.ts";
import { type Relay, startRelay } from "./edge/relay.ts";
import { type EdgeWorld, makeEdgeWorld } from "./edge/world.ts";

/** What `npm run bench` says of it. */
export const about =
  "edge functions in Deno: cold boot, warm p50/p99, CPU, memory, size (--boots N --warm N --only NAME,NAME --preset lite --deno newest --code-cache)";

interface Moment {
  readonly at: number;
  readonly cpu: number;
}

/** What `edge/boot.ts` prints. */
interface Booted {
  readonly started: Moment;
  readonly loaded: Moment;
  readonly answered: Moment;
  readonly milliseconds: readonly number[];
  readonly warmCpu: number;
  readonly rss: number;
}

const key = "sb_secret_bench";

/** It pauses a second between pages: of its cold start the processor's time tells. */
const sync = "dmm_content_sync";

/** Functions asked for viewers whose vector is stored, by such themselves with a token, and for such who liked something since. */
const storedVector = [
  "two_tower_recommendations:token",
  "two_tower_recommendations:liked",
  "two_tower_recommendations:stored",
  "recommendations:stored",
  "user_embedding_v2:stored",
  "update_user_embedding:stored",
];

/** Needs DATABASE_URL: a database of its own is made there, and dropped. */
export const run: Benchmark = async ({ args, log }) => {
  const url = process.env["DATABASE_URL"];
  if (url === undefined) return { skipped: "needs DATABASE_URL: edge functions talk to a server" };
  const boots = option(args, "--boots", 10);
  const warm = option(args, "--warm", 300);
  const only = args.includes("--only") ? args[args.indexOf("--only") + 1]!.split(",") : everyCase();
  const files = await bundleEdge();
  const codeBytes = files.reduce((sum, { code }) => sum + code.length, 0);
  const preset = args.includes("lite") ? "lite" : "standard";
  const codeCache = args.includes("--code-cache");
  const program = args.includes("newest") ? deno : supabaseDeno;
  const world = await makeEdgeWorld(url, preset);
  log(`bundle ${JSON.stringify(world.bundle)}`);
  const database = await startRelay({
    host: world.databaseUrl.hostname,
    port: Number(world.databaseUrl.port || 5432),
  });
  const storage = await startRelay({ host: "127.0.0.1", port: world.storagePort });
  const dmm = await startFakeDmm({ items: 80, floors: ["FANZA/digital/videoa"] });
  const catalogue = await startRelay({ host: "127.0.0.1", port: dmm.port });
  const dmmUrl = new URL(dmm.url);
  dmmUrl.port = String(catalogue.port);
  const dmmEnv = {
    DMM_API_ID: dmm.credentials.apiId,
    DMM_AFFILIATE_ID: dmm.credentials.affiliateId,
    DMM_API_URL: dmmUrl.href,
  };
  // Signs viewers' tokens as Supabase Auth does; the functions find its public key in their environment.
  const issuerKey = await newKey("bench");
  const tokenOf = (userId: string): Promise<string> => {
    const iss = `http://127.0.0.1:${storage.port}/auth/v1`;
    return signed(
      issuerKey,
      claimsOf(userId, { iss, iat: undefined, exp: Math.floor(Date.now() / 1000) + 3600 }),
    );
  };
  try {
    const functions: Record<string, unknown> = {};
    for (const name of only) {
      const bodies = bodiesOf(name, world);
      if (bodies === undefined) continue;
      const samples: ReturnType<typeof explain>[] = [];
      let last: Booted | undefined;
      for (let boot = 0; boot < boots; boot++) {
        await world.forget();
        const spawned = Date.now();
        last = await bootFunction(
          {
            name: name.split(":")[0]!,
            // Another viewer at each boot.
            bodies: [...bodies.slice(boot), ...bodies.slice(0, boot)],
            caller: name.endsWith(":token")
              ? { authorization: `Bearer ${await tokenOf(world.storedUserIds[boot]!)}` }
              : { apikey: key },
            // One page a second is what it asks for.
            warm: boot < boots - 1 ? 0 : name === sync ? Math.min(warm, 10) : warm,
            env: name === sync ? dmmEnv : {},
          },
          {
            world,
            database,
            storage,
            codeCache,
            program,
            jwks: JSON.stringify({ keys: [issuerKey.publicJwk] }),
          },
        );
        samples.push(
          explain(
            spawned,
            last,
            [database, storage, catalogue].flatMap((relay) => relay.waits()),
          ),
        );
      }
      const warmTimes = last!.milliseconds.toSorted((a, b) => a - b);
      const cold = Object.fromEntries(
        Object.keys(samples[0]!).map((key) => [
          key,
          median(samples.map((sample) => sample[key as keyof (typeof samples)[0]])),
        ]),
      );
      functions[name] = {
        ...cold,
        coldBeyondFastestMs: Math.min(...samples.map(({ coldBeyondMs }) => coldBeyondMs)),
        warmP50Ms: tenths(warmTimes[Math.floor(warmTimes.length * 0.5)] ?? 0),
        warmP99Ms: tenths(warmTimes[Math.floor(warmTimes.length * 0.99)] ?? 0),
        warmCpuMs: tenths(last!.warmCpu),
        rssMb: Math.round(last!.rss / 1e6),
      };
      log(`${name} ${JSON.stringify(functions[name])}`);
    }
    return {
      boots,
      preset,
      deno: await versionOf(program),
      codeCache,
      codeBytes,
      bundleBytes: Object.values(world.bundle).reduce((sum, bytes) => sum + bytes, 0),
      functions,
      userTower: await compareRuntimes(world.model, { boots, portableBytes: codeBytes, program }),
    };
  } finally {
    await database.close();
    await storage.close();
    await catalogue.close();
    await dmm.close();
    await world.close();
  }
};

/** Where the time of a cold boot went, in milliseconds. */
function explain(spawned: number, booted: Booted, waits: readonly (readonly [number, number])[]) {
  const { started, loaded, answered } = booted;
  const waited = overlap(waits, [loaded.at, answered.at]);
  return {
    /** Deno itself, before the first line of ours. */
    processStartMs: tenths(started.at - spawned),
    moduleLoadMs: tenths(loaded.at - started.at),
    firstAnswerMs: tenths(answered.at - loaded.at),
    networkAndDatabaseMs: tenths(waited),
    /** Loading and answering, without waiting for storage and database. */
    coldBeyondMs: tenths(answered.at - started.at - waited),
    coldCpuMs: tenths(answered.cpu - started.cpu),
  };
}

function overlap(
  intervals: readonly (readonly [number, number])[],
  [from, to]: readonly [number, number],
): number {
  let covered = from;
  let sum = 0;
  for (const [start, end] of intervals.toSorted((a, b) => a[0] - b[0])) {
    const begin = Math.max(start, covered);
    const stop = Math.min(end, to);
    if (stop <= begin) continue;
    sum += stop - begin;
    covered = stop;
  }
  return sum;
}

function bootFunction(
  asked: {
    readonly name: string;
    readonly bodies: readonly string[];
    readonly caller: Readonly<Record<string, string>>;
    readonly warm: number;
    /** What it finds in its environment beside the platform's. */
    readonly env: Readonly<Record<string, string>>;
  },
  at: {
    readonly world: EdgeWorld;
    readonly database: Relay;
    readonly storage: Relay;
    readonly codeCache: boolean;
    readonly program: string;
    readonly jwks: string;
  },
): Promise<Booted> {
  const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const databaseUrl = new URL(at.world.databaseUrl);
  databaseUrl.host = `127.0.0.1:${at.database.port}`;
  const job = {
    ...asked,
    path: asked.name,
    entry: pathToFileURL(file(`../supabase/functions/${asked.name}/index.ts`)).href,
    headers: { "content-type": "application/json", ...asked.caller },
  };
  const flags = [
    "run",
    "--quiet",
    // Deno keeps compiled code for the next start; a worker elsewhere may not have it.
    ...(at.codeCache ? [] : ["--no-code-cache"]),
    "--no-prompt",
    "--no-config",
    "--no-lock",
    // All, as the processor's time is read from /proc.
    "--allow-all",
  ];
  const child = spawn(at.program, [...flags, file("edge/boot.ts"), JSON.stringify(job)], {
    env: {
      HOME: process.env["HOME"],
      PATH: process.env["PATH"],
      SUPABASE_URL: `http://127.0.0.1:${at.storage.port}`,
      SUPABASE_SECRET_KEY: key,
      SUPABASE_JWKS: at.jwks,
      SUPABASE_DB_URL: databaseUrl.href,
      ...asked.env,
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (bytes) => {
      text += bytes;
    });
    child.once("error", reject);
    child.once("exit", (code) => {
      if (code === 0) resolve(JSON.parse(text.trim().split("\n").at(-1)!) as Booted);
      else reject(new Error(`${asked.name} ended with ${code}: ${text}`));
    });
  });
}

/** All functions, those last that leave another catalogue behind. */
function everyCase(): readonly string[] {
  const last = [sync, "erase_person", "takedown"];
  return [...functionFolders().filter((name) => !last.includes(name)), ...storedVector, ...last];
}

/** What each function is asked; undefined for one that has nothing to answer with here. */
function bodiesOf(
  name: string,
  { userIds, storedUserIds, likedUserIds, videoIds }: EdgeWorld,
): readonly string[] | undefined {
  const [route = "", which] = name.split(":");
  if (which === "token") return [JSON.stringify({ limit: 20 })];
  const viewers = { stored: storedUserIds, liked: likedUserIds }[which ?? ""] ?? userIds;
  const users = viewers.slice(0, 100);
  const each = (body: (user_id: string, i: number) => object) =>
    users.map((id, i) => JSON.stringify(body(id, i)));
  const bodies: Readonly<Record<string, () => readonly string[]>> = {
    two_tower_recommendations: () => each((user_id) => ({ user_id, limit: 20 })),
    recommendations: () => each((user_id) => ({ user_id, limit: 20 })),
    user_embedding_v2: () => each((user_id) => ({ user_id })),
    update_user_embedding: () => each((user_id) => ({ user_id })),
    item_embedding: () => videoIds.slice(0, 100).map((id) => JSON.stringify({ video_ids: [id] })),
    events: () =>
      each((user_id, i) => ({ events: [{ user_id, video_id: videoIds[i]!, kind: "view", at: Date.now() }] })),
    explain: () => each((user_id, i) => ({ user_id, video_id: videoIds[i]! })),
    taste: () => each((user_id) => ({ user_id, genres: ["harbour"] })),
    blocks: () => each((user_id) => ({ user_id, makers: ["Nobody"] })),
    confirm_age: () => each((user_id) => ({ user_id })),
    export_person: () => each((user_id) => ({ user_id })),
    erase_person: () => storedUserIds.slice(100, 200).map((user_id) => JSON.stringify({ user_id })),
    takedown: () => videoIds.slice(-100).map((video_id) => JSON.stringify({ video_id })),
    reload_models: () => ["{}"],
    run_jobs: () => ["{}"],
    [sync]: () => ["{}"],
  };
  return bodies[route]?.();
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ["--version"]);
  return stdout.split("\n")[0]!;
}

function option(args: readonly string[], name: string, otherwise: number): number {
  const at = args.indexOf(name);
  return at < 0 ? otherwise : Number(args[at + 1]);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
