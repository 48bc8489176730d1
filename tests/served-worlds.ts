import type { Database } from "../src/adapters/postgres/mod.ts";
import { createRandom } from "../src/base/mod.ts";
import { createServedJobs } from "../src/jobs/mod.ts";
import { authFromEnv } from "../src/service/mod.ts";
import type { ServedEnv, ServedWorld } from "./service.conformance.ts";
import { tinyCatalogue } from "./tiny-model.ts";
import { tinyService } from "./tiny-service.ts";
import type { TinyStores } from "./tiny-world.ts";

/**
 * Puts the tiny catalogue into a database.
 *
 * @param database Empty, migrated.
 * @returns Its stores, as a tiny world takes them.
 */
export async function filled(database: Database): Promise<TinyStores> {
  const { catalogue: store, vectors, versions, people } = database;
  await store.putBatch(tinyCatalogue());
  return { store, vectors, versions, people };
}

/**
 * The service in this process, whichever runtime that is.
 *
 * @param database Empty, migrated; closed with the world.
 * @param env As a deployment has it.
 * @returns The world.
 */
export async function serveInProcess(database: Database, env: ServedEnv): Promise<ServedWorld> {
  const stores = await filled(database);
  const queue = database.jobs;
  const runJobs = createServedJobs({ queue, syncDmm: undefined, clock: Date, random: createRandom(1) });
  const world = tinyService(
    { ping: () => database.ping(), runJobs, ...authFromEnv(env, { clock: Date, fetch }) },
    stores,
  );
  // Tokens are of today, and functions elsewhere know no other clock.
  world.clock.time = Date.now();
  await world.deploy(1);
  return {
    fetch: (path, init) => world.service.fetch(new Request(`http://localhost${path}`, init)),
    deploy: world.deploy,
    close: async () => {
      await world.engine.close();
      await database.close();
    },
  };
}
