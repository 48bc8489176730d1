import * as z from "zod/mini";
import { FutagoError } from "../../base/mod.ts";
import { received } from "./import-plan.ts";
import { momentUnits } from "./moment.ts";

const column = z.string().check(z.minLength(1));
const shortForm = z.transform((value: unknown): unknown =>
  typeof value === "string" ? { from: value } : value,
);

const fieldSchema = z.pipe(
  shortForm,
  z.strictObject({
    /** A column of a CSV file, or a dotted path into a JSON row; a path through an array collects from each. */
    from: column,
    /** `auto` keeps what JSON says and reads CSV as text. */
    type: z._default(z.enum(["auto", "text", "number", "boolean", "list", "numbers"]), "auto"),
    /** Splits a text into a list; `json` reads it as a JSON array. */
    separator: z._default(z.string().check(z.minLength(1)), "|"),
  }),
);
const momentSchema = z.pipe(
  shortForm,
  z.strictObject({ from: column, unit: z._default(z.enum(momentUnits), "iso") }),
);
const fields = z._default(z.record(z.string().check(z.minLength(1)), fieldSchema), {});
const event = { file: column, person: column, item: column, at: momentSchema };

const itemsSchema = z.strictObject({
  file: column,
  id: column,
  title: column,
  releasedAt: z.optional(momentSchema),
  withdrawn: z.optional(column),
  fields,
});
const peopleSchema = z.strictObject({
  file: column,
  id: column,
  ageConfirmedAt: z.optional(momentSchema),
  fields,
});
const eventsSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("like"), ...event }),
  z.strictObject({ kind: z.literal("nope"), ...event }),
  z
    .strictObject({
      kind: z.literal("rating"),
      ...event,
      rating: column,
      like: z.number(),
      nope: z.optional(z.number()),
    })
    .check(
      z.refine(({ like, nope }) => nope === undefined || nope < like, {
        path: ["nope"],
        message: "a number below `like`",
      }),
    ),
  z
    .strictObject({
      kind: z.literal("view"),
      ...event,
      watchSeconds: z.optional(column),
      durationSeconds: z.optional(column),
      watchFraction: z.optional(column),
    })
    .check(
      z.refine(
        ({ durationSeconds, watchSeconds }) => durationSeconds === undefined || watchSeconds !== undefined,
        {
          path: ["watchSeconds"],
          message: "a column, as `durationSeconds` is given",
        },
      ),
    ),
  z.strictObject({
    kind: z.literal("decision"),
    ...event,
    decision: column,
    like: z.array(z.string()).check(z.minLength(1)),
    nope: z._default(z.array(z.string()), []),
    ignore: z._default(z.array(z.string()), []),
  }),
]);

const mappingSchema = z.strictObject({
  /** Of CSV files. */
  separator: z._default(z.string().check(z.minLength(1)), ","),
  encoding: z._default(z.enum(["utf-8", "iso-8859-1"]), "utf-8"),
  items: z.optional(itemsSchema),
  people: z.optional(peopleSchema),
  events: z._default(
    z.pipe(
      z.transform((value) => (value === undefined || Array.isArray(value) ? value : [value])),
      z.array(eventsSchema),
    ),
    [],
  ),
});

/** Which file and which column or path hold what; `docs/data.md` describes every member. */
export type ImportMapping = z.output<typeof mappingSchema>;
/** Where items come from. */
export type ItemsMapping = NonNullable<ImportMapping["items"]>;
/** Where people come from. */
export type PeopleMapping = NonNullable<ImportMapping["people"]>;
/** Where one kind of event comes from. */
export type EventsMapping = ImportMapping["events"][number];
/** Where one field comes from and how it is written. */
export type FieldMapping = ItemsMapping["fields"][string];
/** Where a moment comes from and how it is written. */
export type MomentMapping = EventsMapping["at"];

/** What is wrong with a mapping, and where. */
export interface MappingIssue {
  /** Dotted, for example `events.0.at.unit`. */
  readonly path: string;
  readonly expected: string;
  readonly received: string;
}

/**
 * Checks a mapping.
 *
 * @param json Parsed JSON of a mapping file.
 * @returns The mapping with its defaults filled in.
 * @throws FutagoError `import_rejected` Naming every member that is wrong; `details.issues` lists them.
 *
 * @example
 * ```ts
 * import { parseImportMapping } from "futago";
 * const mapping = parseImportMapping({ items: { file: "films.csv", id: "id", title: "name" } });
 * mapping.separator; // ","
 * ```
 */
export function parseImportMapping(json: unknown): ImportMapping {
  const result = mappingSchema.safeParse(json, { error: z.locales.en().localeError });
  if (!result.success) throw rejectMapping(result.error.issues.flatMap((issue) => describe(issue, json)));
  const { items, people, events } = result.data;
  if (items === undefined && people === undefined && events.length === 0) {
    throw rejectMapping([{ path: "", expected: "at least one of items, people, events", received: "none" }]);
  }
  return result.data;
}

/**
 * The error for a mapping that does not fit.
 *
 * @param issues At least one.
 * @returns The error to throw.
 */
export function rejectMapping(issues: readonly MappingIssue[]): FutagoError {
  const lines = issues.map(
    ({ path, expected, received: found }) =>
      `${path === "" ? "the mapping" : path} must be ${expected}: current value is ${found}`,
  );
  return new FutagoError("import_rejected", `Cannot import as ${lines.join("; ")}`, { details: { issues } });
}

function describe(issue: z.core.$ZodIssue, json: unknown): MappingIssue[] {
  const path = issue.path.map(String);
  const at = (extra: readonly string[] = []): Pick<MappingIssue, "path" | "received"> => ({
    path: [...path, ...extra].join("."),
    received: received(memberAt(json, [...path, ...extra])),
  });
  switch (issue.code) {
    case "invalid_type":
      return [{ ...at(), expected: issue.expected === "object" ? "an object" : `a ${issue.expected}` }];
    case "invalid_value":
      return [{ ...at(), expected: `one of ${issue.values.map(String).join(", ")}` }];
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ ...at([key]), expected: "left out, as no such member is known" }));
    case "invalid_union":
      return [{ ...at(), expected: "one of like, nope, rating, view, decision" }];
    case "too_small":
      return [{ ...at(), expected: "not empty" }];
    default:
      return [{ ...at(), expected: issue.message }];
  }
}

function memberAt(value: unknown, path: readonly string[]): unknown {
  let member = value;
  for (const key of path) {
    if (typeof member !== "object" || member === null || !Object.hasOwn(member, key)) return undefined;
    member = (member as Record<string, unknown>)[key];
  }
  return member;
}
