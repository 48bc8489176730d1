import type { Tensor } from "../onnx/mod.ts";
import type { TowerParameter, Weights } from "../towers/mod.ts";
import type { BagPlan } from "./bag-plan.ts";

/** What is kept of every learned number: itself, Adam's two moments, and its running average. */
export const stateKinds = ["weights", "moment1", "moment2", "average"] as const;

/** See {@link stateKinds}. */
export type StateKind = (typeof stateKinds)[number];

/** Name of a parameter's state as an input of the training graph; the output adds `.next`. */
export function stateName(parameter: string, kind: StateKind): string {
  return kind === "weights" ? parameter : `${parameter}.${kind}`;
}

/** Table rows that a step needs, by parameter name; -1 stands for a row of zeros that is not kept. */
export type StepRows = ReadonlyMap<string, Int32Array>;

type State = Record<StateKind, Float32Array>;

interface Slot {
  readonly parameter: TowerParameter;
  readonly residency: "batch" | "fixed" | "whole";
  /** Of `fixed`. */
  readonly rows: Int32Array | undefined;
  /** The whole parameter; of `fixed`, stale until it is read. */
  readonly master: State;
  /** What the graph reads; of `whole` and `fixed` the truth. */
  readonly front: State;
  /** Where the graph writes the next weights; swapped with those of `front` at every step. */
  back: Float32Array;
  /** Of `batch`: the last step that touched each row. */
  readonly touched: Int32Array | undefined;
}

/**
 * Everything that training changes. Of larger tables the rows of a batch are gathered before a step and scattered back
 * after it.
 *
 * Weights live in two buffers that take turns as input and output of the graph, since the backward pass may read them
 * after the optimiser has written the next ones. Moments and averages are written where they are read: only the
 * operations that lead to their own next value read them, so that value is written last. Half the memory stays in the
 * cache twice as well: 3 % of a step.
 */
export class ParameterStore {
  readonly #slots: readonly Slot[];
  readonly #kinds: readonly StateKind[];
  readonly #averaging: number;
  /** Steps done. */
  #done = 0;

  /**
   * @param initial Where every parameter starts; the arrays are taken over.
   * @param options `averaging` is the share of the average kept at each step, 0 for none.
   */
  constructor(
    initial: Weights,
    options: {
      readonly parameters: readonly TowerParameter[];
      readonly plans: readonly BagPlan[];
      readonly averaging: number;
    },
  ) {
    this.#averaging = options.averaging;
    this.#kinds = options.averaging > 0 ? stateKinds : stateKinds.slice(0, 3);
    this.#slots = options.parameters.map((parameter) => this.#slot(parameter, initial, options.plans));
  }

  /**
   * The tensors of one step.
   *
   * @param rows Rows of every table that is not whole.
   * @param step Steps done so far.
   * @returns Inputs, and outputs to be written into.
   */
  step(
    rows: StepRows,
    step: number,
  ): { readonly inputs: Record<string, Tensor>; readonly outputs: Record<string, Tensor> } {
    const inputs: Record<string, Tensor> = {};
    const outputs: Record<string, Tensor> = {};
    for (const slot of this.#slots) {
      const { name, shape } = slot.parameter;
      const columns = shape[1];
      const chosen = slot.residency === "batch" ? rows.get(name)! : slot.rows;
      if (slot.residency === "batch") this.#gather(slot, chosen!, step);
      const count = chosen?.length ?? shape[0];
      for (const kind of this.#kinds) {
        const size = count * columns;
        const tensor = (data: Float32Array): Tensor => ({
          dtype: "float32",
          shape: [count, columns],
          data: data.length === size ? data : data.subarray(0, size),
        });
        inputs[stateName(name, kind)] = tensor(slot.front[kind]);
        const next = kind === "weights" ? slot.back : slot.front[kind];
        outputs[`${stateName(name, kind)}.next`] = tensor(next);
      }
    }
    return { inputs, outputs };
  }

  /** Takes over what the graph wrote. */
  commit(rows: StepRows, step: number): void {
    this.#done = step + 1;
    for (const slot of this.#slots) {
      [slot.front.weights, slot.back] = [slot.back, slot.front.weights];
      if (slot.residency === "batch") this.#scatter(slot, { rows: rows.get(slot.parameter.name)!, step });
    }
  }

  /**
   * The parameters as they stand: averaged where weights are averaged.
   *
   * @returns Whole arrays; valid until the next step.
   */
  averaged(): Record<string, Float32Array> {
    const kind = this.#averaging > 0 ? "average" : "weights";
    return Object.fromEntries(this.#slots.map((slot) => [slot.parameter.name, this.#whole(slot, kind)]));
  }

  /** Tells a store whose arrays were restored how many steps they had taken. */
  resume(steps: number): void {
    this.#done = steps;
  }

  /**
   * Every array that a checkpoint keeps, by name, in a fixed order; views, not copies. Rows that no step may touch are
   * left out: they stay as they started.
   */
  arrays(): readonly { readonly name: string; readonly data: Float32Array | Int32Array }[] {
    return this.#slots.flatMap((slot) => {
      const { name } = slot.parameter;
      const states = this.#kinds.map((kind) => {
        return {
          name: stateName(name, kind),
          data: (slot.residency === "batch" ? slot.master : slot.front)[kind],
        };
      });
      const touched = slot.touched === undefined ? [] : [{ name: `${name}.touched`, data: slot.touched }];
      return [...states, ...touched];
    });
  }

  #slot(parameter: TowerParameter, initial: Weights, plans: readonly BagPlan[]): Slot {
    const { bag, name } = parameter;
    const plan = plans.find(({ side, layout }) => side === bag?.side && layout.name === bag.layout.name);
    const residency = plan?.residency ?? "whole";
    const weights = initial[name]!;
    const master = this.#state(weights);
    if (residency === "whole") {
      return {
        parameter,
        residency,
        rows: undefined,
        master,
        front: master,
        back: new Float32Array(weights.length),
        touched: undefined,
      };
    }
    const rows = plan!.rows;
    const size = (rows?.length ?? 0) * parameter.shape[1];
    const slot: Slot = {
      parameter,
      residency,
      rows,
      master,
      front: emptyState(size, this.#kinds),
      back: new Float32Array(size),
      touched: residency === "batch" ? new Int32Array(parameter.shape[0]) : undefined,
    };
    if (rows !== undefined) for (const kind of this.#kinds) copyRows(slot, { rows, kind, into: "front" });
    return slot;
  }

  #state(weights: Float32Array): State {
    const state = emptyState(weights.length, this.#kinds);
    state.weights = weights;
    if (this.#averaging > 0) state.average.set(weights);
    return state;
  }

  #whole(slot: Slot, kind: StateKind): Float32Array {
    if (slot.residency === "whole") return slot.front[kind];
    if (slot.residency === "fixed") copyRows(slot, { rows: slot.rows!, kind, into: "master" });
    if (slot.residency === "fixed" || kind !== "average") return slot.master[kind];
    const [rows, columns] = slot.parameter.shape;
    const average = slot.master.average.slice();
    for (let row = 0; row < rows; row++) {
      const idle = this.#done - slot.touched![row]!;
      catchUp(average, slot.master.weights, { from: row * columns, columns, kept: this.#averaging ** idle });
    }
    return average;
  }

  #gather(slot: Slot, rows: Int32Array, step: number): void {
    const columns = slot.parameter.shape[1];
    const size = rows.length * columns;
    if (slot.front.weights.length < size) {
      Object.assign(slot.front, emptyState(size, this.#kinds));
      slot.back = new Float32Array(size);
    }
    for (const kind of this.#kinds) copyRows(slot, { rows, kind, into: "front" });
    if (this.#averaging === 0) return;
    for (const [at, row] of rows.entries()) {
      const idle = row < 0 ? 0 : step - slot.touched![row]!;
      if (idle === 0) continue;
      const kept = this.#averaging ** idle;
      catchUp(slot.front.average, slot.front.weights, { from: at * columns, columns, kept });
    }
  }

  #scatter(slot: Slot, done: { readonly rows: Int32Array; readonly step: number }): void {
    for (const kind of this.#kinds) copyRows(slot, { rows: done.rows, kind, into: "master" });
    for (const row of done.rows) if (row >= 0) slot.touched![row] = done.step + 1;
  }
}

/** A row that k steps left alone: average ← w + d^k (average - w), as k steps with an unchanged w would give. */
function catchUp(
  average: Float32Array,
  weights: Float32Array,
  row: { readonly from: number; readonly columns: number; readonly kept: number },
): void {
  for (let i = row.from; i < row.from + row.columns; i++) {
    average[i] = weights[i]! + row.kept * (average[i]! - weights[i]!);
  }
}

function emptyState(size: number, kinds: readonly StateKind[]): State {
  const none = new Float32Array(0);
  const of = (kind: StateKind): Float32Array => (kinds.includes(kind) ? new Float32Array(size) : none);
  return { weights: of("weights"), moment1: of("moment1"), moment2: of("moment2"), average: of("average") };
}

function copyRows(
  slot: Slot,
  what: { readonly rows: Int32Array; readonly kind: StateKind; readonly into: "front" | "master" },
): void {
  const columns = slot.parameter.shape[1];
  const block = slot.front[what.kind];
  const table = slot.master[what.kind];
  for (const [at, row] of what.rows.entries()) {
    const start = at * columns;
    if (row < 0) {
      if (what.into === "front") block.fill(0, start, start + columns);
    } else if (what.into === "front") {
      block.set(table.subarray(row * columns, (row + 1) * columns), start);
    } else table.set(block.subarray(start, start + columns), row * columns);
  }
}
