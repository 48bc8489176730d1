import type * as z from "zod/mini";

/** One fault of a feature schema. */
export interface SchemaIssue {
  /** Where: `item[2].field`; empty for the whole. */
  readonly path: string;
  /** What would have been right, for a person. */
  readonly expected: string;
  /** What stood there, cut to 80 characters. */
  readonly received: string;
}

/**
 * Says what a validation issue means, with the value that caused it.
 *
 * @param issue As the validator gave it.
 * @param json What was validated.
 * @returns Path, expected and received.
 */
export function describeIssue(issue: z.core.$ZodIssue, json: unknown): SchemaIssue {
  const path = issue.path
    .map((part, position) =>
      typeof part === "number" ? `[${part}]` : `${position > 0 ? "." : ""}${String(part)}`,
    )
    .join("");
  return { path, expected: expectedBy(issue), received: show(valueAt(json, issue.path)) };
}

const typeNames: Readonly<Record<string, string>> = {
  array: "an array",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "an object",
  string: "text",
};

function expectedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return typeNames[issue.expected] ?? issue.expected;
    case "invalid_value":
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`;
    case "too_small":
      return `${issue.inclusive === false ? "more than" : "at least"} ${issue.minimum}${unit(issue.origin)}`;
    case "too_big":
      return `${issue.inclusive === false ? "less than" : "at most"} ${issue.maximum}${unit(issue.origin)}`;
    case "invalid_format":
      return "a letter a-z, then letters, digits or _, 40 characters in all at most";
    case "unrecognized_keys":
      return `without ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    case "invalid_union":
      return "options" in issue && Array.isArray(issue.options)
        ? `one of ${issue.options.map((option) => JSON.stringify(option)).join(", ")}`
        : "another value";
    case "custom":
      return customExpectation(issue.path.at(-1));
    default:
      return issue.message;
  }
}

function customExpectation(key: PropertyKey | undefined): string {
  if (key === "edges") return "numbers in ascending order";
  if (key === "measures") return "measures, each once";
  return 'a name other than "dense"';
}

function unit(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " entries" : "";
}

function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  let value = json;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

function show(value: unknown): string {
  if (value === undefined) return "absent";
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
