import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createFileBlobStore } from "../src/adapters/blob-fs/mod.ts";
import {
  type FakeStorage,
  startFakeStorage,
} from "../src/adapters/blob-supabase/fake-storage.conformance.ts";
import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { createPortableRuntime } from "../src/onnx/mod.ts";
import { createDeployer, createMemoryVersionStore } from "../src/registry/mod.ts";
import { tinyCatalogue, tinyModel } from "./tiny-model.ts";

let home = "";
let storage: FakeStorage;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "futago-deploy-"));
  storage = await startFakeStorage();
  // A catalogue, and two bundles that were trained with another database.
  const database = await openDatabase({ directory: join(home, "database") });
  await database.catalogue.putBatch(tinyCatalogue());
  await database.close();
  const runtime = createPortableRuntime();
  const versions = createMemoryVersionStore();
  const trained = createDeployer({ blobs: createFileBlobStore(home), versions, runtime, clock: Date });
  for (const seed of [1, 2]) {
    const { model, dataset } = tinyModel(seed);
    await trained.register(model, { dataset, description: `seed ${seed}` });
  }
});
afterAll(async () => {
  await storage.close();
  await rm(home, { recursive: true, force: true });
});

async function models(...args: string[]): Promise<Record<string, unknown>> {
  const { DATABASE_URL: _, ...env } = process.env;
  const own = {
    FUTAGO_HOME: home,
    FUTAGO_MODELS: "supabase",
    SUPABASE_URL: storage.url,
    SUPABASE_SECRET_KEY: storage.key,
  };
  const stdout = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      ["bin/futago.mjs", "models", ...args, "--json"],
      { env: { ...env, ...own } },
      (error, out, err) => (error === null ? resolve(out) : reject(new Error(err))),
    );
  });
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, unknown>;
}

/** Answers as an instance does that is told to reload. */
async function startInstance(version: string) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers["apikey"]}`);
    response.end(JSON.stringify({ model_version: version, source: "two_tower", request_id: "r" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, close: () => new Promise((resolve) => server.close(resolve)) };
}

test("models are deployed to the storage, rolled back and verified from there", async () => {
  const day = new Date().toISOString().slice(0, 10).replaceAll("-", ".");
  // As in a new project.
  storage.buckets.clear();
  const [first, second] = [`${day}-1`, `${day}-2`];
  expect(await models("deploy", first, "--semver", "3.0.0")).toMatchObject({
    version: first,
    status: "active",
    semanticVersion: "3.0.0",
    description: "seed 1",
    published: { sent: { length: 6 } },
  });
  // Without a name: the newest that was trained here.
  const unreachable = "http://127.0.0.1:9/reload_models";
  const instance = await startInstance(second!);
  const deployed = await models(
    "deploy",
    "--description",
    "better",
    "--reload-url",
    instance.url,
    unreachable,
  );
  expect(deployed).toMatchObject({
    version: second,
    status: "active",
    semanticVersion: "3.1.0",
    description: "better",
  });
  expect(deployed["instances"]).toMatchObject([
    { url: instance.url, version: second },
    { url: unreachable, error: expect.any(String) },
  ]);
  expect(
    [...storage.objects.keys()].every((path) => /^futago-models\/models\/[^/]+\/[0-9a-f]{16}\//.test(path)),
  ).toBe(true);
  expect(await models("rollback", "--reload-url", `${instance.url}/`)).toMatchObject({
    version: first,
    status: "active",
  });
  expect(instance.asked).toEqual(Array(2).fill(`POST /functions/v1/reload_models ${storage.key}`));
  await instance.close();
  // This home's own files are not asked for.
  await rm(join(home, "models"), { recursive: true });
  expect(await models("verify", second)).toMatchObject({ verified: [{ version: second }] });
}, 300_000);
