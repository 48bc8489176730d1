import * as z from "zod/mini";
import { canonicalJson, FutagoError } from "../base/mod.ts";
import type { FeatureState, FittedFeatures } from "./fitted.ts";
import { itemLayoutOf, userLayoutOf } from "./layout.ts";
import {
  checkFeatureSchema,
  type FeatureSchema,
  hashFeatureSchema,
  type ItemFeature,
  type UserFeature,
} from "./schema.ts";

// Not `z.array(…)`: vocabularies have many thousands of words, and each would be looked at as a possible issue of its own.
const words = z.custom<string[]>((value) => isArrayOf(value, (word) => typeof word === "string"));
const numbers = z.custom<number[]>((value) => isArrayOf(value, Number.isFinite));
const vocabulary = z.object({ words });
const standard = z.object({ centre: z.number(), scale: z.number().check(z.positive()) });
const nothing = z.null();

const states = {
  id: vocabulary,
  category: vocabulary,
  bag: vocabulary,
  era: vocabulary,
  text: z.object({ words, idf: numbers.check(z.refine((idf) => idf.every((weight) => weight >= 0))) }),
  number: standard,
  count: standard,
  age: z.extend(standard, { dataEnd: z.number() }),
  popularity: z.extend(standard, { ids: words, likes: numbers }),
  activity: z.record(z.string(), standard),
  band: nothing,
  vector: nothing,
  history: nothing,
  distribution: nothing,
  pattern: nothing,
  sequence: nothing,
} satisfies Record<ItemFeature["kind"] | UserFeature["kind"], z.ZodMiniType<FeatureState>>;

const frame = z.object({
  kind: z.literal("fitted-features"),
  formatVersion: z.literal(1),
  schema: z.unknown(),
  schemaHash: z.string(),
  dataEnd: z.number(),
  itemLayout: z.unknown(),
  userLayout: z.unknown(),
  itemStates: z.record(z.string(), z.unknown()),
  userStates: z.record(z.string(), z.unknown()),
});

/**
 * Reads fitted features from a file that may be damaged, or written by another version of Futago.
 *
 * The schema must hash to what the file says, every state must have its feature's form, and the layouts must be
 * those that this code makes of them: towers trained on other layouts would read the wrong columns in silence.
 *
 * @param json Parsed JSON.
 * @returns The same object, known to be what it says.
 * @throws FutagoError `bundle_corrupt` that says what does not fit.
 */
export function parseFittedFeatures(json: unknown): FittedFeatures {
  const parsed = frame.safeParse(json, { error: z.locales.en().localeError });
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw corrupt(`${path.join(".") || "the file"} must have the form of format 1: ${message}`);
  }
  const { data } = parsed;
  const { schema, issues } = checkFeatureSchema(data.schema);
  if (schema === undefined) {
    const { path, expected, received } = issues[0]!;
    throw corrupt(`schema.${path} must be ${expected}: current value is ${received}`);
  }
  const hash = hashFeatureSchema(schema);
  if (hash !== data.schemaHash) {
    const found = data.schemaHash.slice(0, 12);
    throw corrupt(`the schema must hash to ${found}: current value is ${hash.slice(0, 12)}`);
  }
  checkStates(schema.item, data.itemStates, "itemStates");
  checkStates(schema.user, data.userStates, "userStates");
  const fitted = json as FittedFeatures;
  checkLayouts(fitted, schema);
  return fitted;
}

function isArrayOf(value: unknown, holds: (member: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(holds);
}

function checkStates(
  features: readonly (ItemFeature | UserFeature)[],
  found: Readonly<Record<string, unknown>>,
  side: string,
): void {
  for (const feature of features) {
    const parsed = states[feature.kind].safeParse(found[feature.name]);
    if (!parsed.success) {
      throw corrupt(`${side}.${feature.name} must be the state of a ${feature.kind} feature`);
    }
    if (feature.kind !== "activity") continue;
    for (const measure of feature.measures) {
      if (Object.hasOwn(parsed.data as object, measure)) continue;
      throw corrupt(`${side}.${feature.name} must hold the scale of ${measure}`);
    }
  }
}

function checkLayouts(fitted: FittedFeatures, schema: FeatureSchema): void {
  const item = itemLayoutOf(schema, fitted.itemStates);
  const user = userLayoutOf(schema, fitted);
  if (canonicalJson(item) !== canonicalJson(fitted.itemLayout)) {
    throw corrupt("itemLayout must be what the states lead to");
  }
  if (canonicalJson(user) !== canonicalJson(fitted.userLayout)) {
    throw corrupt("userLayout must be what the states lead to");
  }
}

function corrupt(fault: string): FutagoError {
  return new FutagoError(
    "bundle_corrupt",
    `Cannot read fitted features as ${fault}: train again, or use the version of Futago that wrote them`,
  );
}
