import { type FeatureSchema, parseFeatureSchema } from "./schema.ts";

/**
 * The schema of a video catalogue: every field that `Item` names, likes of the last 100 videos, what viewers said they like,
 * and local time in Japan. A vector of the thumbnail is added by a feature `{ kind: "vector", name, field, width }`.
 */
export const videoSchema: FeatureSchema = /* @__PURE__ */ parseFeatureSchema({
  kind: "feature-schema",
  name: "video",
  version: 1,
  item: [
    { kind: "id", name: "id" },
    { kind: "bag", name: "genre", field: "genres" },
    { kind: "category", name: "maker", field: "maker" },
    { kind: "category", name: "series", field: "series" },
    { kind: "bag", name: "performer", field: "performers" },
    { kind: "bag", name: "tag", field: "tags" },
    { kind: "band", name: "priceBand", field: "price", edges: [300, 500, 1_000, 1_500, 2_000, 3_000, 5_000] },
    { kind: "text", name: "text", fields: ["title", "description"] },
    { kind: "number", name: "price", field: "price", log: true },
    { kind: "number", name: "duration", field: "durationMinutes", log: true },
    { kind: "number", name: "reviewAverage", field: "reviewAverage" },
    { kind: "number", name: "reviewCount", field: "reviewCount", log: true },
    { kind: "popularity", name: "popularity" },
    { kind: "age", name: "releaseAge" },
    { kind: "count", name: "performerCount", field: "performers" },
    { kind: "count", name: "tagCount", field: "tags" },
  ],
  user: [
    { kind: "history", name: "history" },
    { kind: "history", name: "nopes", signal: "nope" },
    { kind: "distribution", name: "genreShare", of: "genre", declared: 5 },
    { kind: "distribution", name: "makerShare", of: "maker", declared: 5 },
    { kind: "distribution", name: "performerShare", of: "performer", declared: 5 },
    { kind: "distribution", name: "tagShare", of: "tag" },
    { kind: "distribution", name: "priceShare", of: "priceBand" },
    { kind: "activity", name: "activity" },
    { kind: "pattern", name: "pattern" },
    { kind: "category", name: "ageRange", field: "ageRange" },
    { kind: "category", name: "region", field: "region" },
  ],
  history: { limit: 100, maxEvents: 1_000, halfLifeDays: 90, utcOffsetMinutes: 540 },
});
