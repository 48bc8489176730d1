import { type EncodedRows, encodeUsers, type FittedFeatures, type Histories } from "../features/mod.ts";
import { type Dim, parameter, type Value } from "../graph/mod.ts";
import { emitOnnx, type Runtime, type Session, type Tensor } from "../onnx/mod.ts";
import {
  chunkRows,
  denseRows,
  packUser,
  servingGraph,
  servingInputs,
  type TowerConfig,
  towerParameters,
  userDirection,
  type Weights,
} from "../towers/mod.ts";
import { type BagPlan, planBags } from "./bag-plan.ts";
import { multiHot } from "./multi-hot.ts";
import { inputNames, plannedSources } from "./tower-sources.ts";

/** Both towers with their weights as inputs, over viewers and a catalogue that were encoded once. */
export interface WeightEmbedder {
  /** The viewers as they were encoded. */
  readonly viewers: EncodedRows;
  /** viewers × dims, row-major. */
  users(weights: Weights): Promise<Float32Array>;
  /** items × dims, row-major. */
  items(weights: Weights): Promise<Float32Array>;
  close(): Promise<void>;
}

/** What {@link createWeightEmbedder} is given. */
export interface EmbedderOptions {
  readonly config: TowerConfig;
  readonly features: FittedFeatures;
  /** The whole catalogue. */
  readonly items: EncodedRows;
  /** The viewers, with what is given of them. */
  readonly histories: Histories;
  /** Largest table that is multiplied whole instead of gathered. */
  readonly denseRows: number;
  /** What its sessions are called in reports. */
  readonly name: string;
}

interface Feed {
  readonly rows: Int32Array;
  /** Made anew each time: kept, those of a large catalogue would weigh more than the catalogue. */
  readonly inputs: () => Readonly<Record<string, Tensor>>;
}

/**
 * Loads both towers and encodes viewers and catalogue, so that embedding them by other weights is a few products.
 *
 * @param runtime What runs them.
 * @param options Towers, features, catalogue and viewers.
 * @returns The embedder.
 */
export async function createWeightEmbedder(
  runtime: Runtime,
  options: EmbedderOptions,
): Promise<WeightEmbedder> {
  const { config, features, items, name } = options;
  const layouts = { user: features.userLayout, item: features.itemLayout };
  const item = servingGraph("item", { config, layouts });
  const itemSession = await runtime.load(
    emitOnnx({ name: "embed_items", inputs: item.inputs, outputs: { embedding: item.embedding } }),
    { name: `${name} item tower` },
  );
  const users = encodeUsers(features, options.histories, { items });
  const user = userSide(options, users);
  const userSession = await runtime.load(user.onnx, { name: `${name} user tower` });
  const itemFeeds = chunkRows(items, { maxRows: 8192 }).map((rows): Feed => {
    return { rows, inputs: () => servingInputs(items, { layout: layouts.item, rows }) };
  });
  const embed = (side: string, what: { session: Session; feeds: readonly Feed[]; rows: number }) => {
    return (weights: Weights) => embedAll(what, weightTensors(config, { layouts, weights, side }));
  };
  return {
    viewers: users,
    users: embed("user", { session: userSession, feeds: user.feeds, rows: users.rows }),
    items: embed("item", { session: itemSession, feeds: itemFeeds, rows: items.rows }),
    close: async () => {
      for (const session of [itemSession, userSession]) await session.close();
    },
  };
}

/** The user tower over multi-hot matrices where its tables are small enough, over gathered rows otherwise. */
function userSide(
  options: EmbedderOptions,
  encoded: EncodedRows,
): { readonly onnx: Uint8Array; readonly feeds: readonly Feed[] } {
  const { config, features, items } = options;
  const layouts = { user: features.userLayout, item: features.itemLayout };
  const plans = planBags({ layouts, items, candidates: undefined, denseRows: options.denseRows });
  const ofUsers = plans.filter(({ side }) => side === "user");
  if (ofUsers.some(({ formulation, residency }) => formulation !== "multi_hot" || residency !== "whole")) {
    const graph = servingGraph("user", { config, layouts });
    const onnx = emitOnnx({
      name: "embed_users",
      inputs: graph.inputs,
      outputs: { embedding: graph.embedding },
    });
    const feeds = chunkRows(encoded).map((rows): Feed => {
      return { rows, inputs: () => servingInputs(encoded, { layout: layouts.user, rows }) };
    });
    return { onnx, feeds };
  }
  const rows: Dim = "users";
  const values = new Map(
    towerParameters(config, layouts).map(({ name, shape }): [string, Value] => [
      name,
      parameter(name, shape),
    ]),
  );
  const planned = plannedSources("user", {
    layout: layouts.user,
    plans,
    rows,
    parameter: (name) => values.get(name)!,
    masked: false,
  });
  const embedding = packUser(userDirection(config, layouts.user, planned.sources));
  const onnx = emitOnnx({
    name: "embed_users",
    inputs: [...planned.inputs.values()],
    outputs: { embedding },
  });
  const feeds = chunkRows(encoded, { maxRows: 1024, maxEntries: Number.POSITIVE_INFINITY }).map(
    (chunk): Feed => {
      return {
        rows: chunk,
        inputs: () =>
          multiHotInputs(encoded, { plans: ofUsers, width: layouts.user.denseWidth, rows: chunk }),
      };
    },
  );
  return { onnx, feeds };
}

function multiHotInputs(
  encoded: EncodedRows,
  options: { readonly plans: readonly BagPlan[]; readonly width: number; readonly rows: Int32Array },
): Record<string, Tensor> {
  const { plans, width, rows } = options;
  const inputs: Record<string, Tensor> = {};
  if (width > 0) {
    const data = denseRows(encoded, width, rows);
    inputs[inputNames.dense("user")] = { dtype: "float32", shape: [rows.length, width], data };
  }
  for (const { layout } of plans) {
    const data = multiHot(encoded.bags[layout.name]!, { rows, columns: layout.vocabulary });
    inputs[inputNames.multiHot("user", layout.name)] = {
      dtype: "float32",
      shape: [rows.length, layout.vocabulary],
      data,
    };
  }
  return inputs;
}

function weightTensors(
  config: TowerConfig,
  options: {
    readonly layouts: Parameters<typeof towerParameters>[1];
    readonly weights: Weights;
    readonly side: string;
  },
): Record<string, Tensor> {
  const chosen = towerParameters(config, options.layouts).filter(({ name }) =>
    name.startsWith(`${options.side}.`),
  );
  return Object.fromEntries(
    chosen.map(({ name, shape }): [string, Tensor] => {
      return [name, { dtype: "float32", shape, data: options.weights[name]! }];
    }),
  );
}

async function embedAll(
  what: { readonly session: Session; readonly feeds: readonly Feed[]; readonly rows: number },
  weights: Record<string, Tensor>,
): Promise<Float32Array> {
  let vectors = new Float32Array(0);
  for (const { rows, inputs } of what.feeds) {
    const { embedding } = await what.session.run({ ...inputs(), ...weights });
    const width = embedding!.shape[1]!;
    if (vectors.length === 0) vectors = new Float32Array(what.rows * width);
    for (const [at, row] of rows.entries()) {
      vectors.set((embedding!.data as Float32Array).subarray(at * width, (at + 1) * width), row * width);
    }
  }
  return vectors;
}
