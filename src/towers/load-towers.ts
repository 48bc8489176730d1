import type { Item, PersonHistory } from "../catalogue/mod.ts";
import {
  type EncodedRows,
  encodeItems,
  encodeUsers,
  type FittedFeatures,
  type Histories,
  historiesFromPeople,
  type RowLayout,
  type SequenceRows,
} from "../features/mod.ts";
import type { Runtime, Session } from "../onnx/mod.ts";
import { type ChunkOptions, chunkRows, servingInputs } from "./padded-bags.ts";

/** Both towers, loaded. Close it when done. */
export interface Towers {
  /** Width of every vector. */
  readonly dims: number;
  readonly features: FittedFeatures;
  /** How many of a viewer's newest events they read: with fewer a vector differs from those that were trained on. */
  readonly historyEvents: number;
  /** items × dims, unit vectors. */
  embedItems(items: readonly Item[]): Promise<Float32Array>;
  /** people × dims, unit vectors; nothing after `asOf` (milliseconds since 1970) is read. */
  embedHistories(people: readonly PersonHistory[], options: { readonly asOf: number }): Promise<Float32Array>;
  /** users × dims for histories over items that are already encoded. */
  embedUsers(histories: Histories, items: EncodedRows): Promise<Float32Array>;
  /** users × dims for rows that are already encoded. */
  embedEncodedUsers(users: EncodedRows): Promise<Float32Array>;
  /** items × dims for rows that are already encoded. */
  embedEncodedItems(items: EncodedRows): Promise<Float32Array>;
  close(): Promise<void>;
}

/** A session of each tower. */
export interface TowerSessions {
  readonly user: Session;
  readonly item: Session;
}

/** What {@link loadTowers} is given. */
export interface TowerFiles extends ChunkOptions {
  readonly userOnnx: Uint8Array;
  /** Or how it is read, by the first that embeds items: whoever embeds viewers alone needs no item tower. */
  readonly itemOnnx: Uint8Array | (() => Promise<Uint8Array>);
  readonly features: FittedFeatures;
  /**
   * Width of the vectors, taken at its word: for whoever compares them with recorded ones anyway. Absent: a row of zeros tells it,
   * and the first real call no longer pays for warming up.
   */
  readonly dims?: number | undefined;
}

/**
 * Loads a pair of towers. Rows are embedded in chunks of bounded memory, of any number.
 *
 * @param runtime What runs them.
 * @param files Two ONNX models and the features they were trained with.
 * @returns The towers.
 * @throws FutagoError `model_unsupported` when the runtime lacks an operator.
 * @throws RangeError When the two models have vectors of different width.
 *
 * @example
 * ```ts
 * import { createPortableRuntime, loadTowers } from "futago";
 * const towers = await loadTowers(createPortableRuntime(), model); // as createTrainer gave it
 * const vectors = await towers.embedItems(items); // items.length × towers.dims
 * ```
 */
export async function loadTowers(runtime: Runtime, files: TowerFiles): Promise<Towers> {
  const { userOnnx, itemOnnx } = files;
  const user = await runtime.load(userOnnx, { name: "user tower" });
  const openItem = (onnx: Uint8Array) => runtime.load(onnx, { name: "item tower" });
  const item =
    typeof itemOnnx === "function" ? async () => openItem(await itemOnnx()) : await openItem(itemOnnx);
  return towersOf({ user, item }, files);
}

/** An item tower, loaded. Close it when done. */
export type LoadedItemTower = Pick<Towers, "dims" | "embedItems" | "close">;

/**
 * Loads the item tower alone.
 *
 * @param runtime What runs it.
 * @param files Its ONNX model and the features it was trained with.
 * @returns The tower.
 * @throws FutagoError `model_unsupported` when the runtime lacks an operator.
 */
export async function loadItemTower(
  runtime: Runtime,
  {
    itemOnnx,
    features,
    ...chunks
  }: ChunkOptions & { readonly itemOnnx: Uint8Array } & Pick<TowerFiles, "features">,
): Promise<LoadedItemTower> {
  const session = await runtime.load(itemOnnx, { name: "item tower" });
  const layout = features.itemLayout;
  const run = (encoded: EncodedRows): Promise<Float32Array> => embed(session, { ...chunks, encoded, layout });
  return {
    dims: (await run(zeroRow(layout))).length,
    embedItems: (items) => run(encodeItems(features, items)),
    close: () => session.close(),
  };
}

/**
 * Towers over sessions that are already open: for runtimes that do not read ONNX.
 *
 * @param sessions With the inputs and the output that an exported tower has; that of the item tower, or how it is
 * opened, by the first that embeds items.
 * @param options The features they were trained with.
 * @returns The towers; closing them closes the sessions.
 * @throws RangeError When the two have vectors of different width; the sessions are then closed.
 */
export async function towersOf(
  sessions: { readonly user: Session; readonly item: Session | (() => Promise<Session>) },
  options: ChunkOptions & Pick<TowerFiles, "features" | "dims">,
): Promise<Towers> {
  const { user, item } = sessions;
  const { features } = options;
  const widthOf = async (session: Session, layout: RowLayout): Promise<number> =>
    (await embed(session, { encoded: zeroRow(layout), layout })).length;
  const dims = options.dims ?? (await widthOf(user, features.userLayout));
  let opening: Promise<Session> | undefined;
  const close = async (): Promise<void> => {
    await user.close();
    await (await opening?.catch(() => undefined))?.close();
  };
  const openItem = async (): Promise<Session> => {
    const session = typeof item === "function" ? await item() : item;
    const itemDims = options.dims ?? (await widthOf(session, features.itemLayout));
    if (itemDims === dims) return session;
    await session.close();
    throw new RangeError(
      `Cannot load towers as both must have vectors of one width: current values are ${dims} and ${itemDims}`,
    );
  };
  const itemSession = (): Promise<Session> => {
    opening ??= openItem().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  };
  if (typeof item !== "function") {
    await itemSession().catch(async (error: unknown) => {
      await user.close();
      throw error;
    });
  }
  const embedEncodedUsers = (encoded: EncodedRows): Promise<Float32Array> =>
    embed(user, { ...options, encoded, layout: features.userLayout });
  const embedUsers = (histories: Histories, items: EncodedRows): Promise<Float32Array> =>
    embedEncodedUsers(encodeUsers(features, histories, { items }));
  const embedEncodedItems = async (encoded: EncodedRows): Promise<Float32Array> =>
    embed(await itemSession(), { ...options, encoded, layout: features.itemLayout });
  return {
    dims,
    features,
    historyEvents: features.schema.history.maxEvents,
    embedUsers,
    embedEncodedUsers,
    embedEncodedItems,
    embedItems: (items) => embedEncodedItems(encodeItems(features, items)),
    embedHistories: (people, { asOf }) => {
      const { histories, items } = historiesFromPeople(people, { asOf });
      return embedUsers(histories, encodeItems(features, items, { features: "pooled" }));
    },
    close,
  };
}

/** Runs a serving graph over any number of rows, chunk by chunk. */
async function embed(
  session: Session,
  options: ChunkOptions & { readonly encoded: EncodedRows; readonly layout: RowLayout },
): Promise<Float32Array> {
  const { encoded, layout } = options;
  let vectors = new Float32Array(0);
  for (const rows of chunkRows(encoded, options)) {
    const { embedding } = await session.run(servingInputs(encoded, { layout, rows }));
    const dims = embedding!.shape[1]!;
    if (vectors.length === 0) vectors = new Float32Array(encoded.rows * dims);
    for (const [at, row] of rows.entries()) {
      vectors.set((embedding!.data as Float32Array).subarray(at * dims, (at + 1) * dims), row * dims);
    }
  }
  return vectors;
}

/** One row that holds its start alone. */
const emptySequence: SequenceRows = {
  offsets: Int32Array.of(0, 1),
  items: new Int32Array(1),
  gaps: new Int32Array(1),
  kinds: new Int32Array(1),
};

function zeroRow(layout: RowLayout): EncodedRows {
  const empty = { offsets: new Int32Array(2), indices: new Int32Array(0), weights: new Float32Array(0) };
  return {
    rows: 1,
    dense: new Float32Array(layout.denseWidth),
    bags: Object.fromEntries(layout.bags.map(({ name }) => [name, empty])),
    ...(layout.sequence && { sequence: emptySequence }),
  };
}
