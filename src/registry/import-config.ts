import * as z from "zod/mini";

const length = z.optional(z.int().check(z.minimum(1), z.maximum(10_000)));

const importedInput = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("dense"),
    features: z.optional(z.array(z.string()).check(z.minLength(1))),
  }),
  z.strictObject({
    kind: z.literal("ids"),
    feature: z.string(),
    length,
    offset: z._default(z.int(), 0),
    padding: z._default(z.int(), 0),
  }),
  z.strictObject({ kind: z.literal("weights"), feature: z.string(), length }),
]);

const importedTower = z.strictObject({
  inputs: z._default(z.record(z.string(), importedInput), {}),
  output: z.optional(z.string()),
});

const importConfig = z.strictObject({
  kind: z.literal("tower-import"),
  name: z._default(z.string().check(z.maxLength(200)), ""),
  features: z.optional(z.string()),
  states: z._default(
    z.strictObject({
      item: z.optional(z.record(z.string(), z.unknown())),
      user: z.optional(z.record(z.string(), z.unknown())),
    }),
    {},
  ),
  similarity: z._default(z.enum(["cosine", "dot"]), "cosine"),
  user: z.prefault(importedTower, {}),
  item: z.prefault(importedTower, {}),
});

/**
 * What one input of a foreign tower is made of:
 *
 * - `dense`: [rows, n] of numbers, the named features side by side (all dense ones where none is named). A dense feature
 *   gives its columns, a table feature one column for each row of its table with the weights it has there (multi-hot).
 * - `ids`: whole numbers, the rows of a feature's table plus `offset`, and `padding` where a row of the batch has no more;
 *   a viewer's history comes newest first. [rows, length], or [rows] where the model's input has one axis.
 * - `weights`: the weights of the same, 0 where padded.
 *
 * `length` is cut or filled up to; without it the length that the model declares, else as many as there are.
 */
export type ImportedInput = z.output<typeof importedInput>;

/** One foreign tower: what its inputs are made of, by name, and which of its outputs is the vector (the first). */
export type ImportedTower = z.output<typeof importedTower>;

/** How foreign towers read our features, every option set. */
export type ImportConfig = z.output<typeof importConfig>;

/** What the manifest says of imported towers, where that of trained ones has their shape. */
export interface ImportedTowersConfig extends Omit<ImportConfig, "kind"> {
  readonly kind: "imported_towers";
  readonly preset: "imported";
}

/** The same as it is written: options may be left to their defaults. */
export type ImportConfigInput = z.input<typeof importConfig>;

/**
 * Reads the description of foreign towers.
 *
 * Inputs that are not described are taken by name: `dense`, and `<feature>_indices` and `<feature>_weights`, as our own
 * towers name them.
 *
 * @param json Parsed JSON.
 * @returns The description with every default filled in.
 * @throws TypeError That names the first five faults with their paths.
 *
 * @example
 * ```ts
 * import { parseImportConfig } from "futago";
 * const config = parseImportConfig({
 *   kind: "tower-import",
 *   name: "from PyTorch",
 *   user: { inputs: { taste: { kind: "dense", features: ["genreShare"] } } },
 *   item: { inputs: { genres: { kind: "ids", feature: "genre", length: 4 } } },
 * });
 * config.similarity; // "cosine"
 * ```
 */
export function parseImportConfig(json: unknown): ImportConfig {
  const parsed = importConfig.safeParse(json, { error: z.locales.en().localeError });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) => `${path.join(".") || "the file"}: ${message}`);
  throw new TypeError(`Cannot read the import's description as it must be one: ${faults.join("; ")}`);
}
