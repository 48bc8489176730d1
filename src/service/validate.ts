import * as z from "zod/mini";
import { Problem, type ProblemIssue } from "./problem.ts";

const mostIssues = 20;

/**
 * Checks a value against a schema whose messages say what is expected.
 *
 * @param schema Every message of it completes "Expected …".
 * @param value What was received.
 * @returns The value, typed.
 * @throws Problem `invalid_request` with the first 20 issues.
 */
export function validate<Output>(schema: z.core.$ZodType<Output>, value: unknown): Output {
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const issues: ProblemIssue[] = [];
  for (const issue of parsed.error.issues) {
    if (issues.length >= mostIssues) break;
    if (issue.code === "unrecognized_keys") {
      const names = issue.keys.slice(0, mostIssues).map((key) => key.slice(0, 80));
      const path = pathText(issue.path);
      issues.push({ path, expected: "no other members", received: names.join(", ").slice(0, 80) });
    } else {
      issues.push({
        path: pathText(issue.path),
        expected: issue.message,
        received: describe(valueAt(value, issue.path)),
      });
    }
  }
  const first = issues[0];
  const where = first === undefined || first.path === "" ? "body" : first.path;
  throw new Problem(
    "invalid_request",
    `Cannot read the request as ${where} must be ${first?.expected}: current value is ${first?.received}`,
    { issues },
  );
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, i) => (typeof part === "number" ? `[${part}]` : i === 0 ? String(part) : `.${String(part)}`))
    .join("");
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[part];
  }
  return at;
}

// Objects are named, not printed: a body may be nested deeper than a stack.
function describe(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  return JSON.stringify(typeof value === "string" ? value.slice(0, 80) : value).slice(0, 80);
}
