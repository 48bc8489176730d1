import { createRandom } from "../src/base/mod.ts";
import {
  buildDataset,
  type CatalogueEvent,
  type Dataset,
  type Item,
  type Person,
} from "../src/catalogue/mod.ts";
import { type FeatureSchemaInput, fitFeatures, sequenceSchema, videoSchema } from "../src/features/mod.ts";
import type { DeployableModel } from "../src/registry/mod.ts";
import {
  exportTower,
  initialWeights,
  resolveTowerConfig,
  type TowerOptions,
  towerParameters,
} from "../src/towers/mod.ts";

/** The moment tests take place at. */
export const testNow: number = Date.UTC(2026, 10, 20, 12);

/** A catalogue of 60 items and 12 people; the age of the last person is not confirmed. */
export function tinyCatalogue(): { items: Item[]; people: Person[]; events: CatalogueEvent[] } {
  const random = createRandom(1);
  const genres = ["harbour", "forest", "kitchen"];
  const items = Array.from(
    { length: 60 },
    (_, i): Item => ({
      id: `v${String(i).padStart(2, "0")}`,
      title: `${genres[i % 3]} at ${i} o'clock`,
      fields: {
        genres: [genres[i % 3]!],
        maker: `maker ${i % 5}`,
        price: 300 + 10 * i,
        durationMinutes: 60 + i,
      },
      releasedAt: testNow - i * 86_400_000,
    }),
  );
  const people = Array.from(
    { length: 12 },
    (_, p): Person => ({
      id: `p${String(p).padStart(2, "0")}`,
      fields: {},
      ...(p === 11 ? {} : { ageConfirmedAt: testNow - 1e9 }),
    }),
  );
  const events: CatalogueEvent[] = [];
  // Person 10 has no history.
  for (const [p, person] of people.entries()) {
    for (let e = 0; p !== 10 && e < 8; e++) {
      const itemId = items[(p % 3) + 3 * random.integer(20)]!.id;
      const kind = e === 7 ? "nope" : "like";
      events.push({ personId: person.id, itemId, kind, at: testNow - (9 - e) * 3_600_000 });
    }
  }
  return { items, people, events };
}

/** An untrained but working pair of towers over a dataset; `seed` makes different ones. */
export function tinyModel(seed = 1): TinyModel {
  return initialModel(seed, videoSchema, { preset: "lite", hidden: [8] });
}

/** As {@link tinyModel}, with a user tower that knows order. */
export function tinySequenceModel(seed = 2): TinyModel {
  const sequence = { width: 8, blocks: 2, heads: 2, feedForward: 8, dropout: 0.2 };
  return initialModel(seed, sequenceSchema(videoSchema), { preset: "sequence-lite", sequence });
}

/** Which of the two a world deploys. */
export type TinyModelKind = "pooled" | "sequence";

/** What a model is registered with. */
export interface TinyModel {
  readonly model: DeployableModel;
  readonly dataset: Dataset;
}

function initialModel(seed: number, schema: FeatureSchemaInput, options: TowerOptions): TinyModel {
  const { dataset } = buildDataset(tinyCatalogue());
  const features = fitFeatures(schema, dataset);
  const layouts = { user: features.userLayout, item: features.itemLayout };
  const config = resolveTowerConfig({ dims: 16, ...options }, layouts);
  const parameters = towerParameters(config, layouts);
  const weights = initialWeights(config, { parameters, random: createRandom(seed) });
  const userOnnx = exportTower("user", { config, layouts, weights });
  const itemOnnx = exportTower("item", { config, layouts, weights });
  return { model: { features, towerConfig: config, trainingConfig: { seed }, userOnnx, itemOnnx }, dataset };
}
