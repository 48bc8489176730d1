import type { Csr, Random } from "../base/mod.ts";
import type { FittedFeatures } from "../features/mod.ts";
import type { Tensor } from "../onnx/mod.ts";
import {
  denseRows,
  padSequences,
  sequenceMasks,
  type TowerConfig,
  type TowerParameter,
} from "../towers/mod.ts";
import { feedBag } from "./bag-feed.ts";
import type { BagPlan } from "./bag-plan.ts";
import { distinctRows } from "./bag-rows.ts";
import { CoinTape } from "./coin-tape.ts";
import { idDropoutAt } from "./id-dropout.ts";
import type { NextItemData } from "./next-item-data.ts";
import { nextItemInputs } from "./next-item-step.ts";
import type { BatchFeeder, StepFeed } from "./step-feeder.ts";
import { inputNames } from "./tower-sources.ts";
import type { TrainingConfig } from "./training-config.ts";

/** What {@link NextItemFeeder} is given. */
export interface NextItemFeederOptions {
  readonly data: NextItemData;
  readonly features: FittedFeatures;
  readonly towers: TowerConfig;
  readonly training: TrainingConfig;
  readonly parameters: readonly TowerParameter[];
  readonly plans: readonly BagPlan[];
  /** For the coins of dropout, which are tossed once. */
  readonly random: Random;
}

type Out = { readonly inputs: Record<string, Tensor>; readonly rows: Map<string, Int32Array> };

/** Turns a batch of windows into the tensors of a step. */
export class NextItemFeeder implements BatchFeeder {
  readonly #options: NextItemFeederOptions;
  readonly #coins: CoinTape | undefined;
  /** Tensors of the item side that never change, by plan. */
  readonly #constant = new Map<string, Readonly<Record<string, Tensor>>>();
  readonly #unseen: readonly { readonly column: number; readonly value: number }[];
  /** Candidate by item of the catalogue, of those that are candidates at this step. */
  readonly #position: Int32Array;

  constructor(options: NextItemFeederOptions) {
    this.#options = options;
    const { data, features, towers } = options;
    const { dropout } = towers.sequence!;
    this.#coins = dropout > 0 ? new CoinTape({ dropout, random: options.random }) : undefined;
    this.#unseen = features.itemLayout.dense.flatMap(({ offset, unseen }) =>
      (unseen ?? []).map((value, at) => ({ column: offset + at, value })),
    );
    this.#position = new Int32Array(data.items.rows);
    for (const [at, item] of data.candidates.entries()) this.#position[item] = at;
  }

  /**
   * Encodes a batch.
   *
   * @param windows Rows of the data's windows.
   * @param at The step's own source of randomness, and the share of all steps that is done, 0-1: the same give the same
   * feed.
   * @returns The feed; valid until the next.
   */
  feed(windows: Int32Array, { random, done }: { readonly random: Random; readonly done: number }): StepFeed {
    const out: Out = { inputs: {}, rows: new Map() };
    const steps = this.#feedSequence(windows, out);
    const found = this.#feedTargets(windows, steps, out);
    this.#feedFields(windows, out);
    const { data } = this.#options;
    if (data.whole) this.#setTargets(found, out);
    this.#feedItems(data.whole ? data.candidates : this.#draw(found, random.fork("candidates"), out), {
      random: random.fork("ids"),
      done,
      out,
    });
    this.#feedMasks(random.fork("masks"), [windows.length, steps], out);
    return out;
  }

  /** @returns Steps of the padded rows. */
  #feedSequence(windows: Int32Array, out: Out): number {
    const { data, features, plans } = this.#options;
    const { steps, ...columns } = padSequences(data.windows.sequence!, windows);
    const layout = features.userLayout.sequence!;
    const plan = plans.find(({ side, layout: { name } }) => side === "user" && name === layout.name)!;
    if (plan.residency === "batch") {
      const bag: Csr = {
        offsets: Int32Array.of(0, columns.items.length),
        indices: columns.items,
        weights: new Float32Array(0),
      };
      const block = distinctRows(bag, { vocabulary: layout.vocabulary, rows: undefined });
      for (const [at, row] of columns.items.entries()) columns.items[at] = block.position[row]!;
      this.#setRows(plan, block.rows, out);
    }
    const shape = [windows.length, steps];
    for (const column of ["items", "gaps", "kinds", "positions"] as const) {
      out.inputs[nextItemInputs.sequence[column]] = { dtype: "int32", shape, data: columns[column] };
    }
    return steps;
  }

  /** @returns The items that came next. */
  #feedTargets(windows: Int32Array, steps: number, out: Out): Int32Array {
    const { targets, weights, windows: all } = this.#options.data;
    const { offsets } = all.sequence!;
    const places: number[] = [];
    const items: number[] = [];
    const counts: number[] = [];
    for (const [row, window] of windows.entries()) {
      for (let step = offsets[window]!; step < offsets[window + 1]!; step++) {
        if (targets[step]! < 0) continue;
        places.push(row * steps + step - offsets[window]!);
        items.push(targets[step]!);
        counts.push(weights[step]!);
      }
    }
    const count = places.length;
    out.inputs[nextItemInputs.places] = { dtype: "int32", shape: [count], data: Int32Array.from(places) };
    out.inputs[nextItemInputs.weights] = {
      dtype: "float32",
      shape: [count, 1],
      data: Float32Array.from(counts),
    };
    return Int32Array.from(items);
  }

  #setTargets(items: Int32Array, out: Out): void {
    const data = items.map((item) => this.#position[item]!);
    out.inputs[nextItemInputs.targets] = { dtype: "int32", shape: [data.length], data };
  }

  /** Draws negatives. @returns The candidates of the step: targets and draws, each once. */
  #draw(found: Int32Array, random: Random, out: Out): Int32Array {
    const { data, training } = this.#options;
    const { sampler } = data;
    const count = training.sampledNegatives;
    const drawn = Int32Array.from({ length: count }, () => sampler.draw(random));
    const present = new Uint8Array(data.items.rows);
    for (const item of found) present[item] = 1;
    for (const item of drawn) present[item] = 1;
    const candidates = Int32Array.from(present.keys()).filter((item) => present[item] === 1);
    for (const [at, item] of candidates.entries()) this.#position[item] = at;
    out.inputs[nextItemInputs.negatives] = {
      dtype: "int32",
      shape: [count],
      data: drawn.map((item) => this.#position[item]!),
    };
    out.inputs[nextItemInputs.logExpected] = {
      dtype: "float32",
      shape: [1, count],
      data: Float32Array.from(drawn, (item) => Math.log(count * sampler.probability[item]!)),
    };
    this.#setTargets(found, out);
    return candidates;
  }

  #feedFields(windows: Int32Array, out: Out): void {
    const { data, features, plans } = this.#options;
    const { denseWidth } = features.userLayout;
    if (denseWidth > 0) {
      out.inputs[inputNames.dense("user")] = {
        dtype: "float32",
        shape: [windows.length, denseWidth],
        data: denseRows(data.windows, denseWidth, windows),
      };
    }
    for (const plan of plans) {
      const bag = data.windows.bags[plan.layout.name];
      if (plan.side !== "user" || bag === undefined) continue;
      const { inputs, rows } = feedBag(plan, { bag, rows: windows });
      Object.assign(out.inputs, inputs);
      if (rows !== undefined) this.#setRows(plan, rows, out);
    }
  }

  #feedItems(
    items: Int32Array,
    { random, done, out }: { readonly random: Random; readonly done: number; readonly out: Out },
  ): void {
    const { data, features, towers, training, plans } = this.#options;
    const dropping = towers.idDropout > 0 || training.idDropoutStart !== null;
    const share = idDropoutAt(training, { end: towers.idDropout, done });
    const keep = Uint8Array.from(items, () => (dropping && random.next() < share ? 0 : 1));
    const { denseWidth } = features.itemLayout;
    if (denseWidth > 0) {
      const block = denseRows(data.items, denseWidth, items);
      // Where an id is dropped, columns that would tell that the item is known say what a new item's say.
      for (const [row, kept] of keep.entries()) {
        if (kept === 0)
          for (const { column, value } of this.#unseen) block[row * denseWidth + column] = value;
      }
      const shape = [items.length, denseWidth];
      out.inputs[inputNames.dense("item")] = { dtype: "float32", shape, data: block };
    }
    for (const plan of plans) {
      if (plan.side !== "item") continue;
      const { name, role } = plan.layout;
      const steady = data.whole && plan.residency === "whole" && !(role === "id" && dropping);
      const known = this.#constant.get(name);
      if (known !== undefined) {
        Object.assign(out.inputs, known);
        continue;
      }
      const bag = data.items.bags[name]!;
      const { inputs, rows } = feedBag(plan, { bag, rows: items, ...(role === "id" && { keep }) });
      Object.assign(out.inputs, inputs);
      if (rows !== undefined) this.#setRows(plan, rows, out);
      if (steady) this.#constant.set(name, inputs);
    }
  }

  #feedMasks(random: Random, [rows, steps]: readonly [number, number], out: Out): void {
    const { towers } = this.#options;
    const { width } = towers.sequence!;
    if (this.#coins === undefined) return;
    for (const place of sequenceMasks(towers.sequence!)) {
      const data = this.#coins.read(rows * steps * width, random);
      out.inputs[inputNames.mask(place)] = { dtype: "float32", shape: [rows, steps, width], data };
    }
  }

  #setRows(plan: BagPlan, rows: Int32Array, out: Out): void {
    for (const { name, bag } of this.#options.parameters) {
      if (bag?.side === plan.side && bag.layout.name === plan.layout.name) out.rows.set(name, rows);
    }
  }
}
