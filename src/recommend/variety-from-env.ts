import type { Exploration } from "./newcomers.ts";
import type { Variety } from "./variety.ts";

/**
 * What new items are given, from `FUTAGO_EXPLORE`: a share of an answer's places, 0-1.
 *
 * @param env For example `process.env`, or `Deno.env.toObject()`.
 * @returns What `createInferenceEngine` takes as `exploration`; empty where it is not set.
 * @throws RangeError Where it cannot be meant.
 */
export function explorationFromEnv(env: Readonly<Record<string, string | undefined>>): Exploration {
  const given = env["FUTAGO_EXPLORE"];
  return given ? { share: read("FUTAGO_EXPLORE", given, share) } : {};
}

/**
 * How answers vary where a request does not say, from environment variables: `FUTAGO_DIVERSITY` (0-1),
 * `FUTAGO_DIVERSITY_METHOD` (`mmr` or `dpp`), `FUTAGO_MAX_PER_MAKER` and `FUTAGO_MAX_PER_PERFORMER`.
 *
 * @param env For example `process.env`, or `Deno.env.toObject()`.
 * @returns What `createInferenceEngine` takes as `variety`; empty where none is set.
 * @throws RangeError For a variable that cannot be meant.
 *
 * @example
 * ```ts
 * import { varietyFromEnv } from "futago";
 * varietyFromEnv({ FUTAGO_DIVERSITY: "0.3", FUTAGO_MAX_PER_MAKER: "2" }); // {"diversity":0.3,"caps":{"maker":2}}
 * varietyFromEnv({}); // {}
 * ```
 */
export function varietyFromEnv(env: Readonly<Record<string, string | undefined>>): Variety {
  const diversity = env["FUTAGO_DIVERSITY"];
  const method = env["FUTAGO_DIVERSITY_METHOD"] || undefined;
  if (method !== undefined && method !== "mmr" && method !== "dpp") {
    throw new RangeError(
      `Cannot start as FUTAGO_DIVERSITY_METHOD must be mmr or dpp: current value is "${method}"`,
    );
  }
  const maker = env["FUTAGO_MAX_PER_MAKER"];
  const performers = env["FUTAGO_MAX_PER_PERFORMER"];
  return {
    ...(diversity ? { diversity: read("FUTAGO_DIVERSITY", diversity, share) } : {}),
    ...(method === undefined ? {} : { method }),
    ...(maker || performers
      ? {
          caps: {
            ...(maker ? { maker: read("FUTAGO_MAX_PER_MAKER", maker, count) } : {}),
            ...(performers ? { performers: read("FUTAGO_MAX_PER_PERFORMER", performers, count) } : {}),
          },
        }
      : {}),
  };
}

interface Rule {
  readonly text: string;
  readonly holds: (value: number) => boolean;
}

const share: Rule = { text: "a number from 0 to 1", holds: (value) => value >= 0 && value <= 1 };
const count: Rule = {
  text: "a whole number from 1",
  holds: (value) => Number.isInteger(value) && value >= 1,
};

function read(name: string, text: string, rule: Rule): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (rule.holds(value)) return value;
  throw new RangeError(`Cannot start as ${name} must be ${rule.text}: current value is "${text}"`);
}
