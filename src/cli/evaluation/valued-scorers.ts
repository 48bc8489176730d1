import { rerankedScorer, type Scorer, type Split } from "../../evaluation/mod.ts";
import { byValue, type ValueFormula } from "../../recommend/mod.ts";
import { type ServedHeads, type TowerScorer, tasks } from "../../towers/mod.ts";
import type { TrainingOptions } from "../../training/mod.ts";
import { pool } from "./varied-scorers.ts";

/** Options of {@link valuedScorers}. */
export interface ValuedScorersOptions {
  readonly formulas: readonly ValueFormula[];
  /** Of the towers. */
  readonly heads: ServedHeads;
}

/**
 * Refuses formulas that weigh a head which is not going to be trained, before anything is.
 *
 * @param formulas What is to be measured.
 * @param training Settings of the towers; undefined where none are trained.
 * @throws RangeError For the first such formula.
 */
export function checkFormulas(
  formulas: readonly ValueFormula[],
  training: TrainingOptions | undefined,
): void {
  for (const formula of formulas) {
    const off = tasks.filter((task) => (formula[task] ?? 0) !== 0 && !(training?.[`${task}HeadWeight`] ?? 0));
    if (off.length === 0) continue;
    throw new RangeError(
      `Cannot measure "${formulaText(formula)}" as each head that it weighs must be trained: ${off.map((task) => `${task}HeadWeight`).join(" and ")} must be above 0 in the training of --settings`,
    );
  }
}

function formulaText(formula: ValueFormula): string {
  return Object.entries(formula)
    .map(([part, weight]) => `${part}=${weight}`)
    .join(",");
}

/**
 * Towers whose best items are ranked again by what they are worth, as those of an answer of 20 are.
 *
 * @param scorer The towers.
 * @param split Whose items are ranked.
 * @param options Formulas and heads.
 * @returns One scorer for each formula, named after it.
 */
export function valuedScorers(
  scorer: TowerScorer,
  split: Split,
  { formulas, heads }: ValuedScorersOptions,
): readonly Scorer[] {
  const itemCount = split.items.length;
  const dims = scorer.itemVectors.length / itemCount;
  const { candidates } = split.test;
  return formulas.map((formula): Scorer => {
    const name = `${scorer.name}, value ${formulaText(formula)}`;
    return {
      name,
      score: async (histories) => {
        const users = await scorer.embed(histories);
        const ranked = rerankedScorer(scorer, {
          ...{ name, itemCount, depth: pool },
          ...(candidates === undefined ? {} : { candidates }),
          choose: ({ items, scores, row }) => {
            const found = Array.from(items, (item, at) => ({ itemId: `${item}`, score: scores[at]!, at }));
            const vectors = new Map(
              found.map(({ itemId }, at) => {
                const from = items[at]! * dims;
                return [itemId, scorer.itemVectors.subarray(from, from + dims)];
              }),
            );
            const user = users.subarray(row * dims, (row + 1) * dims);
            const valuing = { formula, heads };
            return byValue(found, { competing: pool, valuing, user, vectors }).found.map(({ at }) => at);
          },
        });
        return ranked.score(histories);
      },
    };
  });
}
