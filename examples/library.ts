// The whole path as a library: a catalogue, a trained model, a deployed version, recommendations.
// Run it: node --conditions=futago-source examples/library.ts

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createDeployer,
  createInferenceEngine,
  createTrainer,
  datasetFromStore,
  embedCatalogue,
  generateDemo,
  videoSchema,
} from "futago";
import { createFileBlobStore } from "futago/blob-fs";
import { createOrtRuntime } from "futago/ort-node";
import { openDatabase } from "futago/postgres";

// `{ url: "postgres://…" }` for a server, `{ directory: ".futago/database" }` to keep the embedded one.
const database = await openDatabase({ memory: true });
const { catalogue: store, vectors, versions } = database;
const blobs = createFileBlobStore(await mkdtemp(join(tmpdir(), "futago-example-")));
const runtime = await createOrtRuntime();

// 1. A catalogue and what people did with it. Yours comes from `futago import`, or from these same calls.
const demo = generateDemo({ seed: 1, items: 300, people: 80 });
await store.putItems(demo.items);
await store.putPeople(demo.people);
await store.putEvents(demo.events);

// 2. Train.
const dataset = await datasetFromStore(store);
const trainer = createTrainer({ runtime, clock: Date });
const model = await trainer.fit(dataset, {
  schema: videoSchema,
  towers: { preset: "lite", dims: 32 },
  training: { epochs: 4 },
});
console.log(`Trained for ${model.steps} steps`);

// 3. Deploy: write the bundle, embed the catalogue under it, make it the active version.
const deployer = createDeployer({
  blobs,
  versions,
  runtime,
  clock: Date,
  prepare: async ({ towers, version }) => {
    await embedCatalogue({ towers, version, store, vectors });
  },
});
const { version } = await deployer.register(model, { dataset, description: "an example" });
await deployer.promote(version);

// 4. Recommend. The viewer's vector is computed from what they did up to this moment.
const engine = createInferenceEngine({ store, vectors, versions, blobs, runtime, clock: Date });
const viewer = demo.people.find((person) => person.ageConfirmedAt !== undefined)!.id;
const before = await engine.recommend(viewer, { limit: 5 });
console.log(`${before.source}: ${before.recommendations.map(({ itemId }) => itemId).join(" ")}`);

// A like changes the very next answer.
const liked = before.recommendations[0]!.itemId;
await store.putEvents([{ personId: viewer, itemId: liked, kind: "like", at: Date.now() }]);
const after = await engine.recommend(viewer, { limit: 5 });
console.log(`after liking ${liked}: ${after.recommendations.map(({ itemId }) => itemId).join(" ")}`);

// Rank what you choose yourself, for example what is on today's front page.
const ranked = await engine.score(viewer, ["video-00010", "video-00020", "video-00030"], { topK: 2 });
console.log(`best of three: ${ranked.recommendations.map(({ itemId }) => itemId).join(" ")}`);

await engine.close();
await database.close();
