import type { Csr, Random } from "../base/mod.ts";
import type { Dataset } from "../catalogue/mod.ts";
import { type EncodedRows, encodeUsers, type FittedFeatures, historiesOf } from "../features/mod.ts";
import type { Tensor } from "../onnx/mod.ts";
import { denseRows, padRows, type TowerConfig, type TowerParameter } from "../towers/mod.ts";
import { alignedRows, type BagPlan } from "./bag-plan.ts";
import { distinctRows, keptRows } from "./bag-rows.ts";
import type { CandidateSource } from "./candidates.ts";
import type { EncounterFeeder } from "./encounters.ts";
import type { FeatureDropout } from "./feature-dropout.ts";
import { idDropoutAt } from "./id-dropout.ts";
import { multiHot } from "./multi-hot.ts";
import type { NewViewers } from "./new-viewers.ts";
import type { StepRows } from "./parameter-store.ts";
import { stepInputs } from "./parameter-updates.ts";
import { inputNames } from "./tower-sources.ts";
import type { TrainingConfig } from "./training-config.ts";

/** What one step reads beside parameters, and which table rows it needs. */
export interface StepFeed {
  readonly inputs: Record<string, Tensor>;
  readonly rows: StepRows;
}

/** Turns a batch into the tensors of a step. */
export interface BatchFeeder {
  /**
   * Encodes a batch.
   *
   * @param users What the batch is of.
   * @param at The step's own source of randomness, and the share of all steps that is done, 0-1: the same give the same
   * feed.
   * @returns The feed; valid until the next.
   */
  feed(users: Int32Array, at: { readonly random: Random; readonly done: number }): StepFeed;
}

/** What {@link StepFeeder} is given. */
export interface FeederOptions {
  readonly dataset: Dataset;
  readonly features: FittedFeatures;
  /** The whole catalogue. */
  readonly items: EncodedRows;
  readonly towers: TowerConfig;
  readonly training: TrainingConfig;
  readonly featureDropout: FeatureDropout;
  readonly newViewers: NewViewers;
  readonly parameters: readonly TowerParameter[];
  readonly plans: readonly BagPlan[];
  readonly candidates: CandidateSource;
  /** What the heads are fed with, where there are any. */
  readonly encounters: EncounterFeeder | undefined;
  /** People of the dataset × denseWidth of the user side. */
  readonly denseUsers: Float32Array;
}

/** Turns a batch of viewers into the tensors of a step. Its buffers are reused: a feed is valid until the next. */
export class StepFeeder implements BatchFeeder {
  readonly #options: FeederOptions;
  readonly #buffers = new Map<string, Float32Array>();
  /** Inputs of the item side that never change. */
  readonly #constant = new Map<string, Tensor>();
  readonly #unseen: readonly { readonly column: number; readonly value: number }[];

  constructor(options: FeederOptions) {
    this.#options = options;
    this.#unseen = options.features.itemLayout.dense.flatMap(({ offset, unseen }) =>
      (unseen ?? []).map((value, at) => ({ column: offset + at, value })),
    );
  }

  /**
   * Encodes a batch.
   *
   * @param users People of the dataset.
   * @param at The step's own source of randomness, and the share of all steps that is done, 0-1: the same give the same
   * feed.
   * @returns The feed.
   */
  feed(users: Int32Array, { random, done }: { readonly random: Random; readonly done: number }): StepFeed {
    const inputs: Record<string, Tensor> = {};
    const rows = new Map<string, Int32Array>();
    this.#feedUsers(users, random, { inputs, rows });
    const batch = this.#options.candidates.draw(users, random.fork("candidates"));
    this.#feedItems(batch.items, { random, done }, { inputs, rows });
    const shape = [users.length, batch.items.length];
    inputs[stepInputs.targets] = { dtype: "float32", shape, data: batch.targets };
    if (batch.offset !== undefined)
      inputs[stepInputs.offset] = { dtype: "float32", shape, data: batch.offset };
    const { adjustment } = this.#options.candidates;
    if (adjustment !== undefined) {
      const data = Float32Array.from(batch.items, (j) => adjustment[j]!);
      inputs[stepInputs.adjustment] = { dtype: "float32", shape: [1, data.length], data };
    }
    this.#feedMasks(random.fork("masks"), inputs, { user: users.length, item: batch.items.length });
    Object.assign(inputs, this.#options.encounters?.feed(users, batch.items));
    return { inputs, rows };
  }

  #feedUsers(
    users: Int32Array,
    random: Random,
    out: Pick<StepFeed, "inputs"> & { rows: Map<string, Int32Array> },
  ): void {
    const { dataset, features, items, towers, plans, featureDropout, newViewers } = this.#options;
    const whole = historiesOf(dataset, users);
    const fresh = newViewers.draw(users, { histories: whole, random: random.fork("new viewers") });
    const histories = { ...whole, fields: whole.fields.map((own, row) => fresh.get(row)?.fields ?? own) };
    const dropped = random.fork("history");
    const keep = new Uint8Array(histories.item.length);
    for (let e = 0; e < keep.length; e++) keep[e] = dropped.next() < towers.historyDropout ? 0 : 1;
    for (const [row, { events }] of fresh) {
      keep.fill(0, whole.offsets[row], whole.offsets[row + 1]).fill(1, ...events);
    }
    const width = features.userLayout.denseWidth;
    const dense = new Float32Array(users.length * width);
    for (const [row, user] of users.entries()) {
      const known = this.#options.denseUsers.subarray(user * width, (user + 1) * width);
      dense.set(fresh.get(row)?.dense ?? known, row * width);
    }
    const encoded = encodeUsers(features, histories, { items, keep, dense });
    if (width > 0) {
      out.inputs[inputNames.dense("user")] = {
        dtype: "float32",
        shape: [users.length, width],
        data: featureDropout.dense("user", encoded.dense, random.fork("features")),
      };
    }
    for (const plan of plans) {
      if (plan.side !== "user") continue;
      const { name } = plan.layout;
      const whole = { bag: encoded.bags[name]!, random: random.fork("features") };
      this.#feedMultiHot(plan, { bag: featureDropout.bag({ side: "user", name }, whole) ?? whole.bag }, out);
    }
  }

  #feedItems(
    items: Int32Array,
    { random, done }: { readonly random: Random; readonly done: number },
    out: Pick<StepFeed, "inputs"> & { rows: Map<string, Int32Array> },
  ): void {
    const { features, items: encoded, towers, training, plans, candidates, featureDropout } = this.#options;
    const fixed = candidates.fixed !== undefined;
    const width = features.itemLayout.denseWidth;
    const dropping = towers.idDropout > 0 || training.idDropoutStart !== null;
    const share = idDropoutAt(training, { end: towers.idDropout, done });
    const ids = random.fork("ids");
    const keep = Uint8Array.from(items, () => (dropping && ids.next() < share ? 0 : 1));
    const everyRow = Int32Array.from(items.keys());
    if (width > 0) {
      const name = inputNames.dense("item");
      const known = fixed ? this.#constant.get(name) : undefined;
      const tensor: Tensor = known ?? {
        dtype: "float32",
        shape: [items.length, width],
        data: denseRows(encoded, width, items),
      };
      if (fixed) this.#constant.set(name, tensor);
      const seen = this.#hideUnseen(tensor, keep);
      const data = featureDropout.dense("item", seen.data as Float32Array, random.fork("features"));
      out.inputs[name] = { dtype: "float32", shape: seen.shape, data };
    }
    for (const plan of plans) {
      if (plan.side !== "item") continue;
      const { name, role } = plan.layout;
      const all = { bag: encoded.bags[name]!, rows: items };
      const dropped = featureDropout.bag({ side: "item", name }, { ...all, random: random.fork("features") });
      const { bag, rows } = dropped === undefined ? all : { bag: dropped, rows: everyRow };
      if (plan.formulation === "aligned") {
        const aligned = plan.rows ?? alignedRows(bag, rows);
        const weights = Float32Array.from(aligned, (row, at) => (row < 0 ? 0 : keep[at]!));
        out.inputs[inputNames.weights("item", name)] = {
          dtype: "float32",
          shape: [items.length, 1],
          data: weights,
        };
        this.#setRows(plan, aligned, out.rows);
      } else if (plan.formulation === "multi_hot") {
        const changes = dropped !== undefined || (role === "id" && dropping);
        const steady = fixed && plan.residency === "whole" && !changes;
        this.#feedMultiHot(plan, { bag, rows, steady, ...(role === "id" ? { keep } : {}) }, out);
      } else this.#feedGather(plan, { bag, rows, ...(role === "id" ? { keep } : {}) }, out);
    }
  }

  /** Where an id is dropped, columns that would tell that the item is known say what a new item's say. */
  #hideUnseen(tensor: Tensor, keep: Uint8Array): Tensor {
    if (this.#unseen.length === 0 || keep.every((kept) => kept === 1)) return tensor;
    const data = Float32Array.from(tensor.data);
    const width = tensor.shape[1]!;
    for (const [row, kept] of keep.entries()) {
      if (kept === 0) for (const { column, value } of this.#unseen) data[row * width + column] = value;
    }
    return { dtype: "float32", shape: tensor.shape, data };
  }

  #feedMultiHot(
    plan: BagPlan,
    source: {
      readonly bag: Csr;
      readonly rows?: Int32Array;
      readonly keep?: Uint8Array;
      readonly steady?: boolean;
    },
    out: Pick<StepFeed, "inputs"> & { rows: Map<string, Int32Array> },
  ): void {
    const { side, layout } = plan;
    const name = inputNames.multiHot(side, layout.name);
    const known = source.steady === true ? this.#constant.get(name) : undefined;
    if (known !== undefined) {
      out.inputs[name] = known;
      return;
    }
    const bag = source.keep === undefined ? source.bag : keptRows(source.bag, source.rows!, source.keep);
    const rows = source.keep === undefined ? source.rows : undefined;
    const count = rows?.length ?? bag.offsets.length - 1;
    const block =
      plan.residency === "whole" ? undefined : distinctRows(bag, { vocabulary: layout.vocabulary, rows });
    const columns = block?.rows.length ?? layout.vocabulary;
    const data = multiHot(bag, {
      columns,
      ...(rows === undefined ? {} : { rows }),
      ...(block === undefined ? {} : { position: block.position }),
      ...(source.steady === true ? {} : { into: this.#buffer(name, count * columns) }),
    });
    const tensor: Tensor = { dtype: "float32", shape: [count, columns], data };
    if (source.steady === true) this.#constant.set(name, tensor);
    if (block !== undefined) this.#setRows(plan, block.rows, out.rows);
    out.inputs[name] = tensor;
  }

  #feedGather(
    plan: BagPlan,
    source: { readonly bag: Csr; readonly rows: Int32Array; readonly keep?: Uint8Array },
    out: Pick<StepFeed, "inputs"> & { rows: Map<string, Int32Array> },
  ): void {
    const { side, layout } = plan;
    const { length, indices, weights } = padRows(source.bag, source.rows);
    if (source.keep !== undefined) {
      for (const [row, kept] of source.keep.entries()) {
        if (kept === 0) weights.fill(0, row * length, (row + 1) * length);
      }
    }
    if (plan.residency === "batch") {
      const block = distinctRows(source.bag, { vocabulary: layout.vocabulary, rows: source.rows });
      for (const [at, index] of indices.entries())
        indices[at] = weights[at] === 0 ? 0 : block.position[index]!;
      this.#setRows(plan, block.rows, out.rows);
    }
    const shape = [source.rows.length, length];
    out.inputs[inputNames.indices(side, layout.name)] = { dtype: "int32", shape, data: indices };
    out.inputs[inputNames.weights(side, layout.name)] = { dtype: "float32", shape, data: weights };
  }

  #feedMasks(random: Random, inputs: Record<string, Tensor>, rows: Record<"item" | "user", number>): void {
    const { towers } = this.#options;
    if (towers.hiddenDropout === 0) return;
    const kept = 1 / (1 - towers.hiddenDropout);
    const layers = { user: towers.hidden, item: towers.itemHidden };
    for (const side of ["user", "item"] as const) {
      for (const [index, units] of layers[side].entries()) {
        const name = inputNames.mask(`${side}.hidden${index}`);
        const data = this.#buffer(name, rows[side] * units).subarray(0, rows[side] * units);
        for (let i = 0; i < data.length; i++) data[i] = random.next() < towers.hiddenDropout ? 0 : kept;
        inputs[name] = { dtype: "float32", shape: [rows[side], units], data };
      }
    }
  }

  #setRows(plan: BagPlan, rows: Int32Array, into: Map<string, Int32Array>): void {
    for (const { name, bag } of this.#options.parameters) {
      if (bag?.side === plan.side && bag.layout.name === plan.layout.name) into.set(name, rows);
    }
  }

  #buffer(name: string, size: number): Float32Array {
    const known = this.#buffers.get(name);
    if (known !== undefined && known.length >= size) return known;
    const made = new Float32Array(size);
    this.#buffers.set(name, made);
    return made;
  }
}
