import * as z from "zod/mini";

const bound = z.number().check(z.positive());
const rules = z.strictObject({
  /** A job of a kind is dead, and none of the kind was done since. */
  jobFailed: z._default(z.boolean(), true),
  /** A scheduled job was not done so many minutes after its moment; false: not looked at. */
  jobOverdueMinutes: z._default(z.union([bound, z.literal(false)]), 60),
  /** The database did not answer so many looks in a row; false: not looked at. */
  databaseUnreachableLooks: z._default(z.union([z.int().check(z.positive()), z.literal(false)]), 2),
  /** The last run of a kind ended as a quota was used up. */
  quotaExhausted: z._default(z.boolean(), true),
  /** Where `futago serve` counts: `http://127.0.0.1:8787/metrics`. Without it the two below are not looked at. */
  metricsUrl: z.optional(z.url()),
  /** Of 100 recommendations since the last look, 95 must take at most so many milliseconds. */
  latencyMs: z.optional(bound),
  /** At most this share of recommendations since the last look may come from a fallback, 0 to 1. */
  fallbackRate: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
});

/** What alerts are raised for. */
export type AlertRules = z.infer<typeof rules>;

/**
 * Rules from plain data, such as a JSON file.
 *
 * @param value What was read.
 * @returns The rules, with defaults for what was left out.
 * @throws TypeError Naming what is wrong, where something is.
 *
 * @example
 * ```ts
 * import { jobs } from "futago";
 * jobs.parseAlertRules({ jobOverdueMinutes: 90 }).jobFailed; // true
 * ```
 */
export function parseAlertRules(value: unknown): AlertRules {
  const read = rules.safeParse(value, { error: z.locales.en().localeError });
  if (read.success) return Object.freeze(read.data);
  const [issue] = read.error.issues;
  throw new TypeError(
    `Cannot read the rules of alerts as each must have its form: "${issue?.path.join(".")}": ${issue?.message}; see docs/jobs.md`,
  );
}
