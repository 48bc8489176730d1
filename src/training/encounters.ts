import { type Dataset, eventKinds } from "../catalogue/mod.ts";
import type { Tensor } from "../onnx/mod.ts";
import type { Task } from "../towers/mod.ts";
import { activeTasks, headInputs, type TaskWeights, taskWeight } from "./task-heads.ts";

/** What came of every item that somebody met: one entry per person and item of which there is an event. */
export interface Encounters {
  /** people + 1 positions into the columns. */
  readonly offsets: Int32Array;
  readonly item: Int32Array;
  /** By task: 0-1; NaN where it is not known. */
  readonly labels: Readonly<Record<Task, Float32Array>>;
}

/**
 * Reads what came of each encounter. The latest of a like and a nope counts, and of several views the longest.
 *
 * @param dataset Events in order of time.
 * @returns Entries by person, then item.
 */
export function readEncounters(dataset: Dataset): Encounters {
  const { item, kind, watchFraction } = dataset.events;
  const offsets = new Int32Array(dataset.people.length + 1);
  const rows: (readonly [item: number, like: number, watch: number, nope: number])[] = [];
  for (let person = 0; person < dataset.people.length; person++) {
    const met = new Map<number, { decision: "like" | "nope" | undefined; watched: number }>();
    for (let e = dataset.offsets[person]!; e < dataset.offsets[person + 1]!; e++) {
      const entry = met.get(item[e]!) ?? { decision: undefined, watched: Number.NaN };
      met.set(item[e]!, entry);
      const what = eventKinds[kind[e]!]!;
      if (what !== "view") entry.decision = what;
      else if (!(watchFraction[e]! <= entry.watched)) {
        // Of a share that is not known NaN remains, unless another view told.
        const watched = Math.min(1, watchFraction[e]!);
        if (!Number.isNaN(watched)) entry.watched = watched;
      }
    }
    for (const [i, { decision, watched }] of [...met].sort((a, b) => a[0] - b[0])) {
      rows.push([i, decision === "like" ? 1 : 0, watched, decision === "nope" ? 1 : 0]);
    }
    offsets[person + 1] = rows.length;
  }
  return {
    offsets,
    item: Int32Array.from(rows, (row) => row[0]),
    labels: {
      like: Float32Array.from(rows, (row) => row[1]),
      watch: Float32Array.from(rows, (row) => row[2]),
      nope: Float32Array.from(rows, (row) => row[3]),
    },
  };
}

/** Pairs are filled up to a multiple of this, so that few distinct shapes occur. */
const pairUnit = 512;

/** Turns the encounters of a batch into the inputs of the heads. */
export class EncounterFeeder {
  readonly #encounters: Encounters;
  readonly #config: TaskWeights;
  readonly #column: Int32Array;

  /**
   * @param encounters Of the whole dataset.
   * @param options Loss weights, and how many items there are.
   */
  constructor(
    encounters: Encounters,
    { config, items }: { readonly config: TaskWeights; readonly items: number },
  ) {
    this.#encounters = encounters;
    this.#config = config;
    this.#column = new Int32Array(items);
  }

  /**
   * The pairs of one step: whatever its viewers met of its candidates.
   *
   * @param users People of the dataset, by row of the batch.
   * @param candidates Items, by row of the step.
   * @returns Tensors by input name.
   */
  feed(users: Int32Array, candidates: Int32Array): Record<string, Tensor> {
    const { offsets, item, labels } = this.#encounters;
    const active = activeTasks(this.#config);
    const column = this.#column.fill(-1);
    for (const [row, j] of candidates.entries()) column[j] = row;
    const found: number[] = [];
    const rows: number[] = [];
    for (const [row, user] of users.entries()) {
      for (let e = offsets[user]!; e < offsets[user + 1]!; e++) {
        if (column[item[e]!]! < 0) continue;
        found.push(e);
        rows.push(row);
      }
    }
    const pairs = Math.max(1, Math.ceil(found.length / pairUnit)) * pairUnit;
    const left = new Int32Array(pairs);
    const right = new Int32Array(pairs);
    const wanted = new Float32Array(pairs * active.length);
    const weights = new Float32Array(pairs * active.length);
    for (const [at, e] of found.entries()) {
      left[at] = rows[at]!;
      right[at] = column[item[e]!]!;
      for (const [head, task] of active.entries()) {
        const label = labels[task][e]!;
        if (Number.isNaN(label)) continue;
        wanted[at * active.length + head] = label;
        weights[at * active.length + head] = taskWeight(this.#config, task);
      }
    }
    const shape = [pairs, active.length];
    return {
      [headInputs.users]: { dtype: "int32", shape: [pairs], data: left },
      [headInputs.items]: { dtype: "int32", shape: [pairs], data: right },
      [headInputs.labels]: { dtype: "float32", shape, data: wanted },
      [headInputs.weights]: { dtype: "float32", shape, data: weights },
    };
  }
}
