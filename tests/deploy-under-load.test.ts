import { sql } from "kysely";
import { afterEach, describe, expect, test } from "vitest";
import { createAnswerCheck } from "../bench/deploy/answer-check.ts";
import { startOpenLoop } from "../bench/deploy/open-loop.ts";
import { startServer } from "../src/adapters/node-server/mod.ts";
import { type Database, openDatabase } from "../src/adapters/postgres/mod.ts";
import { createMemoryBlobStore } from "../src/base/mod.ts";
import type { PersonHistory } from "../src/catalogue/mod.ts";
import { embedCatalogue, hasItemVectors } from "../src/embeddings/mod.ts";
import { createPortableRuntime } from "../src/onnx/mod.ts";
import { createInferenceEngine } from "../src/recommend/mod.ts";
import { createDeployer } from "../src/registry/mod.ts";
import { createService } from "../src/service/mod.ts";
import { loadTowers } from "../src/towers/mod.ts";
import { tinyCatalogue, tinyModel } from "./tiny-model.ts";

const url = process.env["DATABASE_URL"];
const path = "/functions/v1/two_tower_recommendations";

describe.skipIf(url === undefined)("deploying under load", () => {
  const closing: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function world() {
    const schema = `futago_test_${crypto.randomUUID().replaceAll("-", "")}`;
    const open = async (): Promise<Database> => {
      const database = await openDatabase({ url: url! }, { schema, maxConnections: 5 });
      closing.push(() => database.close());
      return database;
    };
    const own = await open();
    closing.push(() => sql`drop schema ${sql.id(schema)} cascade`.execute(own.connection));
    const { catalogue: store, vectors, versions } = own;
    const catalogue = tinyCatalogue();
    await store.putBatch(catalogue);
    const viewers: PersonHistory[] = [];
    for (const { id } of catalogue.people.slice(0, 10))
      viewers.push((await store.history(id, { limit: 500 }))!);
    const check = createAnswerCheck({ items: catalogue.items, viewers });
    const runtime = createPortableRuntime();
    const blobs = createMemoryBlobStore();
    const deployer = createDeployer({
      blobs,
      versions,
      runtime,
      clock: Date,
      maxVersions: 2,
      // Shorter than anybody would set it, so that partitions go while answers are under way.
      graceMs: 1500,
      prepare: async ({ towers, version }) =>
        void (await embedCatalogue({ towers, version, store, vectors })),
      isPrepared: ({ towers, version }) => hasItemVectors(vectors, { version, dims: towers.dims }),
    });
    const register = async (seed: number): Promise<string> => {
      const { model, dataset } = tinyModel(seed);
      const { version } = await deployer.register(model, { dataset });
      const towers = await loadTowers(runtime, model);
      await check.learn(version, towers);
      await towers.close();
      return version;
    };
    /** An instance; one that does not listen looks for itself. */
    const serve = async ({ listens }: { listens: boolean }): Promise<string> => {
      const database = await open();
      const { catalogue, ...stores } = database;
      const engine = createInferenceEngine({ ...stores, store: catalogue, blobs, runtime, clock: Date });
      await engine.refresh();
      if (listens) {
        const hearing = await database.onModelsChanged(() => void engine.refresh().catch(() => {}));
        closing.push(() => hearing.close());
      }
      const service = createService({ engine, store: catalogue, clock: Date, ping: () => database.ping() });
      const server = await startServer(service, { port: 0, host: "127.0.0.1", keyed: false });
      closing.push(async () => {
        await server.close();
        await engine.close();
      });
      return server.url;
    };
    return { vectors, versions, viewers, check, deployer, register, serve };
  }

  test("[RE12] no request is lost, and every answer is of one version alone, over deploys and rollbacks", async () => {
    const { vectors, versions, viewers, check, deployer, register, serve } = await world();
    const first = await register(1);
    await deployer.promote(first);
    const urls = [await serve({ listens: true }), await serve({ listens: false })];
    const bodies = viewers.map(({ person }) => JSON.stringify({ user_id: person.id, limit: 10 }));
    const loop = startOpenLoop({ urls, path, bodies, perSecond: 100, unanswered: 8 });
    const more = async (count: number): Promise<void> => {
      const enough = loop.answered() + count;
      while (loop.answered() < enough) await new Promise((resolve) => setTimeout(resolve, 5));
    };
    const deployed = [first];
    for (let seed = 2; seed <= 6; seed++) {
      deployed.push(await register(seed));
      await deployer.deploy(deployed.at(-1)!);
      await more(50);
      if (seed % 2 === 1) continue;
      await deployer.rollBack();
      await more(20);
    }
    const last = await versions.active();
    // Old ones go while answers are under way, once nobody can be answering from them.
    const pruned = async (): Promise<number> => {
      await deployer.prune();
      return (await versions.list()).length;
    };
    await expect.poll(pruned, { timeout: 20_000, interval: 100 }).toBe(2);
    await more(20);
    const answered = await loop.stop();
    expect(answered.length).toBeGreaterThan(300);
    expect(answered.filter(({ status }) => status !== 200)).toEqual([]);
    const named = new Set<string>();
    for (const { body, text } of answered) {
      const answer = JSON.parse(text) as Parameters<typeof check.problemOf>[1];
      expect(answer.source).toBe("two_tower");
      expect(check.problemOf(viewers[body]!.person.id, answer)).toBeUndefined();
      named.add(answer.model_version!);
    }
    expect([...named].every((version) => deployed.includes(version))).toBe(true);
    expect(named.size).toBeGreaterThan(2);
    expect(deployed).toContain(last?.version);

    // What the check would say, had any answer been mixed: a viewer's vector of one version among another's items.
    const [one, other] = (await versions.list()).map((row) => row.version) as [string, string];
    const viewer = viewers[0]!.person.id;
    const vector = check.viewerVector(one, viewer);
    const answerOf = async (searched: string, model_version: string) => ({
      model_version,
      source: "two_tower",
      recommendations: (await vectors.nearest({ version: searched, vector, limit: 10 })).map(
        ({ itemId, score }) => ({
          video_id: itemId,
          score,
        }),
      ),
    });
    const problem = async (searched: string, claimed: string) =>
      check.problemOf(viewer, await answerOf(searched, claimed));
    expect(await problem(one, one)).toBeUndefined();
    expect(await problem(other, one)).toMatch(/whose score is/);
    expect(await problem(other, other)).toMatch(/whose score is/);
    expect(await problem(one, other)).toMatch(/whose score is/);
  }, 300_000);
});
