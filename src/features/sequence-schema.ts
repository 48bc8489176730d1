import { type FeatureSchema, type FeatureSchemaInput, parseFeatureSchema } from "./schema.ts";
import { pooledKinds } from "./sequence.ts";

/**
 * The variant of a schema for a user tower that knows order: what pools over a viewer's events leaves, the events
 * themselves come in. A tower that learns from every position at once must not read what sums up the whole history,
 * which would show each position its own future.
 *
 * @param schema Any schema with an item feature of kind `id`.
 * @param options `length`: events that are read, 1-1000 (default: as many as the schema pools, at most 200).
 * @returns The variant; a schema that has a sequence already, as it is.
 * @throws TypeError When the schema has no item feature of kind `id`.
 *
 * @example
 * ```ts
 * import { sequenceSchema, videoSchema } from "futago";
 * const schema = sequenceSchema(videoSchema, { length: 200 });
 * schema.user.map(({ kind }) => kind); // ["sequence", "category", "category"]
 * ```
 */
export function sequenceSchema(
  schema: FeatureSchemaInput,
  options: { readonly length?: number } = {},
): FeatureSchema {
  const parsed = parseFeatureSchema(schema);
  if (parsed.user.some(({ kind }) => kind === "sequence")) return parsed;
  const id = parsed.item.find(({ kind }) => kind === "id");
  if (id === undefined) {
    throw new TypeError(
      `Cannot make a sequence of "${parsed.name}" as it must have an item feature of kind id: current value is none`,
    );
  }
  const { length = Math.min(200, parsed.history.limit) } = options;
  return parseFeatureSchema({
    ...parsed,
    // What a server fetches.
    history: { ...parsed.history, limit: length, maxEvents: length },
    name: `${parsed.name.slice(0, 31)}_sequence`,
    user: [
      { kind: "sequence", name: "sequence", of: id.name, length },
      ...parsed.user.filter(({ kind }) => !pooledKinds.has(kind)),
    ],
  });
}
