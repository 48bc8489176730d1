// The HTTP interface inside your own server: `service.fetch` takes a Request and gives a Response, so that it mounts in
// hono, Next.js, Deno or anything else that speaks them.
// Run it: node --conditions=futago-source examples/service.ts
import {
  createAuthenticator,
  createInferenceEngine,
  createPortableRuntime,
  createService,
  generateDemo,
} from "futago";
import { createFileBlobStore } from "futago/blob-fs";
import { openDatabase } from "futago/postgres";

const database = await openDatabase({ memory: true });
const { catalogue: store, vectors, versions } = database;
const demo = generateDemo({ seed: 1, items: 50, people: 10 });
await store.putItems(demo.items);
await store.putPeople(demo.people);
await store.putEvents(demo.events);

// No version is active here, so popularity answers, and says so.
const blobs = createFileBlobStore(".futago");
const runtime = createPortableRuntime();
const engine = createInferenceEngine({ store, vectors, versions, blobs, runtime, clock: Date });
const authenticator = createAuthenticator({ serviceKeys: ["example"], clock: Date, fetch });
const service = createService({ engine, store, clock: Date, ping: () => database.ping(), authenticator });

const viewer = demo.people.find((person) => person.ageConfirmedAt !== undefined)!.id;
const answer = await service.fetch(
  new Request("http://localhost/functions/v1/two_tower_recommendations", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer example" },
    body: JSON.stringify({ user_id: viewer, limit: 3 }),
  }),
);
const { source, recommendations } = (await answer.json()) as { source: string; recommendations: unknown[] };
console.log(`${answer.status} from ${source}: ${recommendations.length} recommendations`);

await engine.close();
await database.close();
