import type { LoadedModel } from "../../registry/mod.ts";
import { headChance, type ServedHeads, servedTasks, type VectorPair } from "../../towers/mod.ts";
import type { EngineObserver } from "../faults.ts";
import { lackingHeads, resolveFormula, type ValueFormula, type ValuePart } from "./value-formula.ts";

/** A formula, and the heads that it reads. */
export interface Valuing {
  readonly formula: ValueFormula;
  readonly heads: ServedHeads;
}

/** What an item is worth to a viewer. */
export interface ItemValue {
  /** The sum of the parts. */
  readonly total: number;
  /** weight · p, for each part that the formula weighs. */
  readonly parts: Readonly<Partial<Record<ValuePart, number>>>;
}

/**
 * What an item is worth to a viewer: Σ_k weight_k · p_k(u, v).
 *
 * @param valuing Formula and heads.
 * @param pair The served vectors, and their inner product.
 * @returns The sum and its parts.
 */
export function itemValue(
  { formula, heads }: Valuing,
  pair: VectorPair & { readonly similarity: number },
): ItemValue {
  const parts: Partial<Record<ValuePart, number>> = {};
  if (formula.similarity !== undefined) parts.similarity = formula.similarity * pair.similarity;
  for (const task of servedTasks(heads)) {
    const weight = formula[task];
    if (weight !== undefined) parts[task] = weight * headChance(heads.heads[task]!, pair);
  }
  return { total: Object.values(parts).reduce((sum, part) => sum + part, 0), parts };
}

/** Decides for each version whether its answers are ranked by the formula, and tells of it once. */
export class Valuation {
  readonly #formula: ValueFormula;
  readonly #observer: EngineObserver;
  #told: string | undefined;

  /**
   * @param formula @default answers are ranked by similarity
   * @param observer Who is told.
   */
  constructor(formula: ValueFormula = {}, observer: EngineObserver = {}) {
    this.#formula = resolveFormula(formula);
    this.#observer = observer;
  }

  /**
   * @param model What answers.
   * @returns Undefined where similarity ranks: no head is weighed, no towers answer, or theirs lack a head that is.
   */
  of(model: LoadedModel | undefined): Valuing | undefined {
    const formula = this.#formula;
    if (model === undefined || lackingHeads(formula, undefined).length === 0) return undefined;
    const { heads } = model;
    const lacking = lackingHeads(formula, heads);
    if (this.#told !== model.version) {
      this.#told = model.version;
      this.#observer.valuing?.(model.version, lacking);
    }
    return heads === undefined || lacking.length > 0 ? undefined : { formula, heads };
  }
}
