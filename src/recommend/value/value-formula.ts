import { type ServedHeads, servedTasks, type Task, tasks } from "../../towers/mod.ts";

/** What a recommendation may be worth by: the inner product of the vectors (-1 to 1), and the chance of each task (0-1). */
export const valueParts = ["similarity", ...tasks] as const;

/** One of {@link valueParts}. */
export type ValuePart = (typeof valueParts)[number];

/**
 * What a recommendation is worth, by weights: Σ_k weight_k · p_k. `similarity` from 0 to 1000, the others from -1000 to 1000;
 * what is left out counts nothing.
 */
export type ValueFormula = Readonly<Partial<Record<ValuePart, number>>>;

/**
 * Checks a formula.
 *
 * @param formula Any.
 * @returns It, without weights of 0.
 * @throws RangeError For a part that does not exist, or a weight out of range.
 */
export function resolveFormula(formula: ValueFormula): ValueFormula {
  for (const [name, weight] of Object.entries(formula)) {
    if (!valueParts.some((part) => part === name)) {
      throw new RangeError(
        `Cannot rank by value as a formula must weigh ${listed(valueParts)}: current value is "${name}"`,
      );
    }
    const least = name === "similarity" ? 0 : -1000;
    if (weight >= least && weight <= 1000) continue;
    throw new RangeError(
      `Cannot rank by value as the weight of ${name} must be a number from ${least} to 1000: current value is ${weight}`,
    );
  }
  return Object.fromEntries(Object.entries(formula).filter(([, weight]) => weight !== 0));
}

/**
 * Reads a formula as it is written in one line.
 *
 * @param text Weights by part.
 * @returns The formula.
 * @throws RangeError Where it cannot be read, names a part twice, or {@link resolveFormula} refuses it.
 *
 * @example
 * ```ts
 * import { parseFormula } from "futago";
 * parseFormula("similarity=1, like=0.2, nope=-0.5"); // {"similarity":1,"like":0.2,"nope":-0.5}
 * ```
 */
export function parseFormula(text: string): ValueFormula {
  const formula: Partial<Record<string, number>> = {};
  for (const term of text.split(",")) {
    const [name = "", weight = "", ...more] = term.split("=").map((word) => word.trim());
    if (name === "" || weight === "" || more.length > 0 || Object.hasOwn(formula, name)) {
      throw new RangeError(
        `Cannot rank by value as a formula must be one weight for each part, such as similarity=1,nope=-0.5: current value is "${text}"`,
      );
    }
    formula[name] = Number(weight);
  }
  return resolveFormula(formula);
}

/**
 * The formula that answers are ranked by, from `FUTAGO_VALUE`.
 *
 * @param env For example `process.env`, or `Deno.env.toObject()`.
 * @returns What `createInferenceEngine` takes as `value`; undefined where it is not set.
 * @throws RangeError Where it is no formula.
 *
 * @example
 * ```ts
 * import { valueFromEnv } from "futago";
 * valueFromEnv({ FUTAGO_VALUE: "similarity=1,watch=0.3" }); // {"similarity":1,"watch":0.3}
 * valueFromEnv({}); // undefined
 * ```
 */
export function valueFromEnv(env: Readonly<Record<string, string | undefined>>): ValueFormula | undefined {
  const text = env["FUTAGO_VALUE"];
  return text ? parseFormula(text) : undefined;
}

/**
 * The heads that a formula reads and a version does not have.
 *
 * @param formula Any.
 * @param heads Of the version; undefined where it has none.
 * @returns In the order of {@link valueParts}.
 */
export function lackingHeads(formula: ValueFormula, heads: ServedHeads | undefined): readonly Task[] {
  const there = servedTasks(heads);
  return tasks.filter((task) => (formula[task] ?? 0) !== 0 && !there.includes(task));
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}
