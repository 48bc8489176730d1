import * as z from "zod/mini";
import { canonicalJson, sha256Hex } from "../base/mod.ts";
import { activityFeature } from "./activity.ts";
import { bagFeature } from "./bag.ts";
import { bandFeature } from "./band.ts";
import { categoryFeature } from "./category.ts";
import { featureName } from "./declaration.ts";
import { eraFeature } from "./era.ts";
import { historyOptions } from "./history-options.ts";
import { itemIdFeature } from "./item-id.ts";
import { countFeature, numberFeature } from "./number.ts";
import { patternFeature } from "./pattern.ts";
import { distributionFeature, historyFeature } from "./pooling.ts";
import { popularityFeature } from "./popularity.ts";
import { releaseAgeFeature } from "./release-age.ts";
import { describeIssue, type SchemaIssue } from "./schema-issue.ts";
import { pooledKinds, sequenceFeature } from "./sequence.ts";
import { textFeature } from "./text.ts";
import { vectorFeature } from "./vector.ts";

const itemFeature = z.discriminatedUnion("kind", [
  itemIdFeature,
  categoryFeature,
  bagFeature,
  textFeature,
  numberFeature,
  countFeature,
  bandFeature,
  eraFeature,
  releaseAgeFeature,
  popularityFeature,
  vectorFeature,
]);

const userFeature = z.discriminatedUnion("kind", [
  historyFeature,
  distributionFeature,
  activityFeature,
  patternFeature,
  sequenceFeature,
  categoryFeature,
  bagFeature,
  numberFeature,
  countFeature,
  bandFeature,
  vectorFeature,
]);

const featureSchema = z.strictObject({
  kind: z.literal("feature-schema"),
  /** For people: which schema this is. */
  name: featureName,
  /** Counted up by whoever changes the declaration. */
  version: z.int().check(z.minimum(1)),
  item: z.array(itemFeature).check(z.minLength(1), z.maxLength(200)),
  user: z.array(userFeature).check(z.minLength(1), z.maxLength(200)),
  history: z.prefault(historyOptions, {}),
});

/** One feature of items, with every option set. */
export type ItemFeature = z.output<typeof itemFeature>;

/** One feature of users, with every option set. */
export type UserFeature = z.output<typeof userFeature>;

/** Which features there are and how each is encoded, as it is written: options may be left to their defaults. */
export type FeatureSchemaInput = z.input<typeof featureSchema>;

/** Which features there are and how each is encoded: plain JSON, every option set. */
export type FeatureSchema = z.output<typeof featureSchema>;

/**
 * Reads a feature schema and reports all that is wrong with it.
 *
 * @param json Anything.
 * @returns The schema with defaults filled in, or what is wrong; `issues` is empty exactly where there is a schema.
 */
export function checkFeatureSchema(json: unknown): {
  readonly schema?: FeatureSchema;
  readonly issues: readonly SchemaIssue[];
} {
  const parsed = featureSchema.safeParse(json, { error: z.locales.en().localeError });
  if (!parsed.success) return { issues: parsed.error.issues.map((issue) => describeIssue(issue, json)) };
  const issues = crossIssues(parsed.data);
  return issues.length > 0 ? { issues } : { schema: parsed.data, issues };
}

/**
 * Reads a feature schema.
 *
 * @param json Parsed JSON: the user's own configuration.
 * @returns The schema with every default filled in.
 * @throws TypeError That names the path, what was expected and what stood there, for each of the first five faults.
 *
 * @example
 * ```ts
 * import { parseFeatureSchema } from "futago";
 * const schema = parseFeatureSchema({
 *   kind: "feature-schema",
 *   name: "articles",
 *   version: 1,
 *   item: [{ kind: "id", name: "id" }, { kind: "bag", name: "topic", field: "topics" }],
 *   user: [{ kind: "history", name: "history" }, { kind: "distribution", name: "topicShare", of: "topic" }],
 * });
 * schema.history.limit; // 100
 * ```
 */
export function parseFeatureSchema(json: unknown): FeatureSchema {
  const { schema, issues } = checkFeatureSchema(json);
  if (schema !== undefined) return schema;
  const faults = issues.slice(0, 5).map(({ path, expected, received }) => {
    return `${path === "" ? "the schema" : path} must be ${expected}: current value is ${received}`;
  });
  const more = issues.length > 5 ? `; and ${issues.length - 5} more` : "";
  throw new TypeError(`Cannot read the feature schema as ${faults.join("; ")}${more}`);
}

/**
 * What a schema is known by: the same for a schema with defaults written out and left out, and for any order of keys.
 *
 * @param schema A schema with every option set.
 * @returns SHA-256 in hex.
 */
export function hashFeatureSchema(schema: FeatureSchema): string {
  return sha256Hex(canonicalJson(schema));
}

const bagKinds = new Set<string>(["id", "category", "bag", "text", "band", "era"]);

function crossIssues(schema: FeatureSchema): readonly SchemaIssue[] {
  const issues: SchemaIssue[] = [];
  for (const side of ["item", "user"] as const) {
    const seen = new Set<string>();
    for (const [position, { name }] of schema[side].entries()) {
      if (seen.has(name)) {
        const path = `${side}[${position}].name`;
        issues.push({ path, expected: `a name used once per side`, received: JSON.stringify(name) });
      }
      seen.add(name);
    }
  }
  if (issues.length > 0) return issues;
  const kinds = new Map<string, string>(schema.item.map(({ name, kind }) => [name, kind]));
  const sequences = schema.user.filter(({ kind }) => kind === "sequence").length;
  if (sequences > 1) {
    issues.push({ path: "user", expected: "one feature of kind sequence at most", received: `${sequences}` });
  }
  for (const [position, feature] of schema.user.entries()) {
    if (sequences > 0 && pooledKinds.has(feature.kind)) {
      // A tower over a sequence learns from every event at once, and a sum over all would show each its own future.
      const expected = "of a kind that does not sum up events, beside a sequence";
      issues.push({ path: `user[${position}].kind`, expected, received: JSON.stringify(feature.kind) });
      continue;
    }
    if (feature.kind === "sequence" && feature.length > schema.history.maxEvents) {
      const expected = `at most history.maxEvents, ${schema.history.maxEvents}`;
      issues.push({ path: `user[${position}].length`, expected, received: `${feature.length}` });
    }
    if (!("of" in feature)) continue;
    const kind = kinds.get(feature.of);
    const ofItems = feature.kind !== "distribution";
    if (feature.kind === "distribution" && feature.declared !== undefined) {
      if (feature.signal === "positive" && (kind === "bag" || kind === "category")) continue;
      issues.push({
        path: `user[${position}].declared`,
        expected: "beside the positive signal of an item feature of kind bag or category",
        received: `${feature.declared}`,
      });
      continue;
    }
    const fits = ofItems ? kind === "id" : kind !== undefined && bagKinds.has(kind);
    if (fits) continue;
    issues.push({
      path: `user[${position}].of`,
      expected: ofItems
        ? "the name of an item feature of kind id"
        : `the name of an item feature of kind ${[...bagKinds].join(", ")}`,
      received: JSON.stringify(feature.of) + (kind === undefined ? ", which is not declared" : `, a ${kind}`),
    });
  }
  const ids = schema.item.filter(({ kind }) => kind === "id").length;
  if (ids > 1) issues.push({ path: "item", expected: "one feature of kind id at most", received: `${ids}` });
  return issues;
}
