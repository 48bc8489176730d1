import { type FeatureSchema, parseFeatureSchema } from "./schema.ts";

/**
 * The schema of MovieLens: all that a viewer rated counts, without order, for the protocols on it hold out likes at
 * random. Sex, age and occupation are used where the data has them (1M); the small set has none, which is row 0.
 */
export const movielensSchema: FeatureSchema = /* @__PURE__ */ parseFeatureSchema({
  kind: "feature-schema",
  name: "movielens",
  version: 1,
  item: [
    { kind: "id", name: "id" },
    { kind: "bag", name: "genre", field: "genres" },
    { kind: "era", name: "era", field: "year", years: 10 },
    { kind: "text", name: "text", fields: ["title"], dimensions: 500 },
  ],
  user: [
    { kind: "history", name: "history" },
    { kind: "distribution", name: "genreShare", of: "genre" },
    { kind: "distribution", name: "eraShare", of: "era" },
    { kind: "category", name: "sex", field: "sex" },
    { kind: "category", name: "age", field: "age" },
    { kind: "category", name: "occupation", field: "occupation" },
  ],
  history: { limit: 2_000, maxEvents: 4_000, halfLifeDays: null, utcOffsetMinutes: 0 },
});
