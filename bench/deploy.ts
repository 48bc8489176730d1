import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Worker } from "node:worker_threads";
import { sql } from "kysely";
import { createFileBlobStore } from "../src/adapters/blob-fs/mod.ts";
import { createOrtRuntime } from "../src/adapters/ort-node/mod.ts";
import { type Database, openDatabase } from "../src/adapters/postgres/mod.ts";
import { createRandom } from "../src/base/mod.ts";
import { buildDataset, type Dataset, generateDemo, type PersonHistory } from "../src/catalogue/mod.ts";
import { embedCatalogue, hasItemVectors } from "../src/embeddings/mod.ts";
import { type FittedFeatures, fitFeatures, videoSchema } from "../src/features/mod.ts";
import { createPortableRuntime } from "../src/onnx/mod.ts";
import { createDeployer, type DeployableModel } from "../src/registry/mod.ts";
import {
  exportTower,
  initialWeights,
  loadTowers,
  resolveTowerConfig,
  towerParameters,
} from "../src/towers/mod.ts";
import type { Benchmark } from "./benchmark.ts";
import { type AnswerCheck, type CheckedAnswer, createAnswerCheck } from "./deploy/answer-check.ts";
import type { Answered, OpenLoopOptions } from "./deploy/open-loop.ts";

/** What `npm run bench` says of it. */
export const about =
  "deploys and rollbacks while two servers answer 100 req/s, every answer checked (--seconds 60 --videos 3000 --rate 100)";

const path = "/functions/v1/two_tower_recommendations";

/** A switch to another version. */
interface Switch {
  readonly kind: "deploy" | "rollback";
  readonly version: string;
  /** Milliseconds since 1970, at which the command was given and at which it had ended. */
  readonly began: number;
  readonly ended: number;
}

/** Needs DATABASE_URL: a database of its own is made there, and dropped. */
export const run: Benchmark = async ({ args, log }) => {
  const url = process.env["DATABASE_URL"];
  if (url === undefined)
    return { skipped: "needs DATABASE_URL: two servers cannot share an embedded database" };
  const option = (name: string, usual: number): number => {
    const at = args.indexOf(name);
    return at < 0 ? usual : Number(args[at + 1]);
  };
  const seconds = option("--seconds", 60);
  const name = `futago_bench_deploy_${process.pid}`;
  const home = await mkdtemp(join(tmpdir(), "futago-bench-deploy-"));
  await administer(url, sql`create database ${sql.id(name)}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  try {
    const database = await openDatabase({ url: own.href }, { maxConnections: 4 });
    try {
      return await measure(
        { database, databaseUrl: own.href, home, log },
        { seconds, videos: option("--videos", 3000), perSecond: option("--rate", 100) },
      );
    } finally {
      await database.close();
    }
  } finally {
    await administer(url, sql`drop database ${sql.id(name)} with (force)`);
    await rm(home, { recursive: true, force: true });
  }
};

interface World {
  readonly database: Database;
  readonly databaseUrl: string;
  readonly home: string;
  readonly log: (line: string) => void;
}

async function measure(
  { database, databaseUrl, home, log }: World,
  size: { readonly seconds: number; readonly videos: number; readonly perSecond: number },
): Promise<Readonly<Record<string, unknown>>> {
  const { catalogue: store, vectors, versions } = database;
  const demo = generateDemo({ seed: 1, items: size.videos });
  const { dataset } = buildDataset(demo);
  for (let i = 0; i < demo.items.length; i += 5000) await store.putItems(demo.items.slice(i, i + 5000));
  await store.putPeople(demo.people);
  for (let i = 0; i < demo.events.length; i += 5000) await store.putEvents(demo.events.slice(i, i + 5000));
  const viewers: PersonHistory[] = [];
  for (const { id, ageConfirmedAt } of demo.people) {
    if (ageConfirmedAt === undefined || viewers.length === 100) continue;
    const history = await store.history(id, { limit: 500 });
    if (history!.events.some((event) => event.kind === "like")) viewers.push(history!);
  }
  const check = createAnswerCheck({ items: demo.items, viewers });
  const runtime = await createOrtRuntime({ threads: 1 });
  const deployer = createDeployer({
    blobs: createFileBlobStore(home),
    versions,
    runtime,
    gates: [createPortableRuntime()],
    clock: Date,
    maxVersions: 3,
    // So short that partitions are dropped while answers are under way.
    graceMs: 10_000,
    prepare: async ({ towers, version }) => void (await embedCatalogue({ towers, version, store, vectors })),
    isPrepared: ({ towers, version }) => hasItemVectors(vectors, { version, dims: towers.dims }),
  });
  const features = fitFeatures(videoSchema, dataset);
  let seed = 0;
  const register = async (): Promise<string> => {
    const model = untrained(features, ++seed);
    const { version } = await deployer.register(model, { dataset: small(dataset) });
    const towers = await loadTowers(runtime, model);
    await check.learn(version, towers);
    await towers.close();
    return version;
  };
  await deployer.deploy(await register());
  log(`${size.videos} videos embedded and active`);

  const env = { ...process.env, DATABASE_URL: databaseUrl, FUTAGO_HOME: home };
  const servers = await Promise.all([startServing(env), startServing(env)]);
  try {
    const urls = servers.map((server) => server.url);
    const bodies = viewers.map(({ person }) => JSON.stringify({ user_id: person.id, limit: 20 }));
    const load = startLoad({ urls, path, bodies, perSecond: size.perSecond });
    const switches: Switch[] = [];
    const begun = Date.now();
    const pause = Math.max(200, (size.seconds * 1000) / 26);
    // On a slow machine it takes longer rather than switch less often.
    const atLeast = Math.ceil((size.seconds / 60) * 21);
    for (let i = 0; i < atLeast || Date.now() - begun < size.seconds * 1000; i++) {
      const due = begun + i * pause;
      if (due > Date.now()) await new Promise((resolve) => setTimeout(resolve, due - Date.now()));
      const kind = i % 3 === 2 ? "rollback" : "deploy";
      const version = kind === "deploy" ? await register() : undefined;
      const began = Date.now();
      const active =
        version === undefined ? await deployer.rollBack() : (await deployer.deploy(version)).version;
      switches.push({ kind, version: active.version, began, ended: Date.now() });
      log(`${kind} to ${active.version} in ${Date.now() - began} ms`);
    }
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const answered = await load.stop();
    return {
      ...size,
      instances: urls.length,
      ...judge({ answered, switches, check, viewers }),
      detector: await detect({ database, check, viewers }),
    };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** Every answer, checked; and how long it took until every instance gave those of the version that was switched to. */
function judge(work: {
  readonly answered: readonly Answered[];
  readonly switches: readonly Switch[];
  readonly check: AnswerCheck;
  readonly viewers: readonly PersonHistory[];
}): Readonly<Record<string, unknown>> {
  const { answered, switches, check, viewers } = work;
  const lost = answered.filter(({ status }) => status !== 200);
  const problems: string[] = [];
  const sources: Record<string, number> = {};
  const versionOf = new Map<Answered, string | null>();
  for (const request of answered) {
    if (request.status !== 200) continue;
    const answer = JSON.parse(request.text) as CheckedAnswer;
    versionOf.set(request, answer.model_version);
    sources[answer.source] = (sources[answer.source] ?? 0) + 1;
    // A lesser link of the chain, and it says so: no scores of towers to check.
    if (answer.source !== "two_tower") continue;
    const problem = check.problemOf(viewers[request.body]!.person.id, answer);
    if (problem !== undefined) problems.push(problem);
  }
  /** From a moment of each switch to the last answer of another version. */
  const settled = (kind: Switch["kind"], moment: "began" | "ended"): number[] =>
    switches.flatMap((each, i) => {
      if (each.kind !== kind) return [];
      const next = switches[i + 1]?.began ?? Number.POSITIVE_INFINITY;
      const others = answered.filter(
        (request) =>
          request.ended >= each[moment] && request.due < next && versionOf.get(request) !== each.version,
      );
      return [Math.max(0, ...others.map((request) => request.ended - each[moment]))];
    });
  const took = (kind: Switch["kind"]): number[] =>
    switches.filter((each) => each.kind === kind).map(({ began, ended }) => ended - began);
  const milliseconds = answered.map(({ due, ended }) => ended - due);
  return {
    requests: answered.length,
    lost: lost.length,
    lostBecause: [...new Set(lost.map(({ status, text }) => `${status} ${text.slice(0, 120)}`))].slice(0, 5),
    sources,
    wrong: problems.length,
    wrongBecause: [...new Set(problems)].slice(0, 5),
    largestScoreDifference: check.largestDifference,
    versionsAnswered: new Set(versionOf.values()).size,
    deploys: took("deploy").length,
    rollbacks: took("rollback").length,
    p50: quantile(milliseconds, 0.5),
    p99: quantile(milliseconds, 0.99),
    slowest: quantile(milliseconds, 1),
    deployMs: spread(took("deploy")),
    rollbackMs: spread(took("rollback")),
    // Until every instance answered with it: after a deploy had ended, and since the rollback was ordered.
    deployedUntilEveryInstanceMs: spread(settled("deploy", "ended")),
    rollbackUntilEveryInstanceMs: spread(settled("rollback", "began")),
  };
}

/** Whether the check would have noticed: a viewer's vector of one version among the items of another. */
async function detect(work: {
  readonly database: Database;
  readonly check: AnswerCheck;
  readonly viewers: readonly PersonHistory[];
}): Promise<Readonly<Record<string, unknown>>> {
  const { database, check, viewers } = work;
  const [one, other] = (await database.versions.list()).map((row) => row.version) as [string, string];
  const viewer = viewers[0]!.person.id;
  const vector = check.viewerVector(one, viewer);
  const problem = async (searched: string, model_version: string): Promise<string | undefined> => {
    const found = await database.vectors.nearest({ version: searched, vector, limit: 20 });
    const recommendations = found.map(({ itemId, score }) => ({ video_id: itemId, score }));
    return check.problemOf(viewer, { model_version, source: "two_tower", recommendations });
  };
  return {
    passesWhole: (await problem(one, one)) === undefined,
    catchesMixed: (await problem(other, one)) !== undefined && (await problem(other, other)) !== undefined,
    catchesMisnamed: (await problem(one, other)) !== undefined,
  };
}

/** Towers with random weights: as different from one seed to the next as towers can be. */
function untrained(features: FittedFeatures, seed: number): DeployableModel {
  const config = resolveTowerConfig({ preset: "lite" });
  const layouts = { user: features.userLayout, item: features.itemLayout };
  const parameters = towerParameters(config, layouts);
  const weights = initialWeights(config, { parameters, random: createRandom(seed) });
  const userOnnx = exportTower("user", { config, layouts, weights });
  const itemOnnx = exportTower("item", { config, layouts, weights });
  return { features, towerConfig: config, trainingConfig: { seed }, userOnnx, itemOnnx };
}

/** As much of the data as golden inputs and a fallback need: fitting one over all of it is not what is measured. */
function small(dataset: Dataset): Dataset {
  const items = dataset.items.slice(0, 100);
  return buildDataset({ items, people: [], events: [] }).dataset;
}

interface Serving {
  readonly url: string;
  stop(): Promise<void>;
}

/** `futago serve` as a process of its own. */
async function startServing(env: NodeJS.ProcessEnv): Promise<Serving> {
  const child = spawn(process.execPath, ["src/cli/main.ts", "serve", "--port", "0", "--quiet"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\S+/.exec(line)?.[0];
    if (url === undefined) continue;
    return {
      url,
      stop: async () => {
        child.kill("SIGTERM");
        await ended;
      },
    };
  }
  throw new Error("The server ended before it listened");
}

function startLoad(options: OpenLoopOptions): { stop(): Promise<readonly Answered[]> } {
  const worker = new Worker(new URL("./deploy/open-loop-worker.ts", import.meta.url), {
    workerData: options,
  });
  return {
    stop: () =>
      new Promise((resolve, reject) => {
        worker.once("message", resolve);
        worker.once("error", reject);
        worker.postMessage("stop");
      }),
  };
}

function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return (
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN) * 10) / 10
  );
}

function spread(values: readonly number[]): Readonly<Record<string, number>> {
  return { p50: quantile(values, 0.5), slowest: quantile(values, 1) };
}

async function administer(url: string, statement: ReturnType<typeof sql>): Promise<void> {
  const database = await openDatabase({ url }, { maxConnections: 1, migrate: false });
  await statement.execute(database.connection).finally(() => database.close());
}
