import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { describe, test } from "vitest";
import { startFakeStorage } from "../src/adapters/blob-supabase/fake-storage.conformance.ts";
import { createSupabaseBlobStore } from "../src/adapters/blob-supabase/mod.ts";
import { openDatabase } from "../src/adapters/postgres/mod.ts";
import { bundleEdge } from "../tools/bundle-edge.ts";
import { deno, supabaseDeno } from "../tools/deno.ts";
import { serveFunctions, startDeno } from "../tools/serve-functions.ts";
import { filled, serveInProcess } from "./served-worlds.ts";
import { describeService, type ServedEnv, type ServedWorld } from "./service.conformance.ts";
import { tinyWorld } from "./tiny-world.ts";

const url = process.env["DATABASE_URL"];

describeService("in Node on PGlite", async (env) =>
  serveInProcess(await openDatabase({ memory: true }), env),
);
describeService("in Deno on PGlite", serveEmbeddedInDeno);

if (url === undefined) {
  describe("the service on Postgres, in Node and as edge functions in Deno", () => {
    test.skip("needs DATABASE_URL", () => {});
  });
} else {
  describeService("in Node on Postgres", async (env) => {
    const { url: own, drop } = await createOwnDatabase(url);
    const world = await serveInProcess(await openDatabase({ url: own }, { maxConnections: 4 }), env);
    return { ...world, close: () => world.close().then(drop) };
  });
  describeService("as edge functions in Supabase's Deno, on Postgres and Storage", (env) =>
    serveEdge(url, { env, program: supabaseDeno }),
  );
  describeService("as edge functions in Deno, on Postgres and Storage", (env) =>
    serveEdge(url, { env, program: deno }),
  );
}

/** The files under `supabase/functions` with the bundle they import, in Deno without any permission but network and environment. */
async function serveEdge(
  server: string,
  { env, program }: { readonly env: ServedEnv; readonly program: string },
): Promise<ServedWorld> {
  const { url: own, drop } = await createOwnDatabase(server);
  const storage = await startFakeStorage();
  const database = await openDatabase({ url: own }, { maxConnections: 4 });
  const published = createSupabaseBlobStore({
    url: storage.url,
    key: storage.key,
    bucket: "futago-models",
    fetch,
  });
  const world = tinyWorld(await filled(database), { published });
  await world.deploy(1);
  await bundleEdge();
  const served = await serveFunctions({
    env: { ...env, SUPABASE_URL: storage.url, SUPABASE_SECRET_KEY: storage.key, SUPABASE_DB_URL: own },
    program,
  });
  return {
    fetch: (path, init) => fetch(`${served.url}${path}`, init),
    deploy: world.deploy,
    close: async () => {
      await served.close();
      await storage.close();
      await database.close();
      await drop();
    },
  };
}

/** The service from its sources in Deno, its database in the same process: files may be read, and nothing written. */
async function serveEmbeddedInDeno(env: ServedEnv): Promise<ServedWorld> {
  const script = fileURLToPath(new URL("serve-embedded.ts", import.meta.url));
  const sources = ["--node-modules-dir=manual", "--cached-only", "--no-remote"];
  const { url, close } = await startDeno([...sources, "--allow-net", "--allow-env", "--allow-read", script], {
    env,
  });
  return {
    fetch: (path, init) => fetch(`${url}${path}`, init),
    deploy: async (seed, kind = "pooled") => (await fetch(`${url}/deploy/${kind}/${seed}`)).text(),
    close,
  };
}

/** Functions know the schema `public` alone, so a database is made for them. */
async function createOwnDatabase(server: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = `futago_edge_test_${crypto.randomUUID().replaceAll("-", "")}`;
  const admin = await openDatabase({ url: server }, { migrate: false, maxConnections: 1 });
  await sql`create database ${sql.id(name)}`.execute(admin.connection);
  const own = new URL(server);
  own.pathname = `/${name}`;
  return {
    url: own.href,
    drop: async () => {
      await sql`drop database ${sql.id(name)} with (force)`.execute(admin.connection);
      await admin.close();
    },
  };
}
