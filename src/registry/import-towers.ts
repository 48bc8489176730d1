import { FutagoError } from "../base/mod.ts";
import type { Item } from "../catalogue/mod.ts";
import { type FittedFeatures, type KnownStates, type RowLayout, withStates } from "../features/mod.ts";
import { createPortableRuntime, encodeOnnx, parseOnnx, type Runtime } from "../onnx/mod.ts";
import { loadTowers, type TowerSide, type Towers } from "../towers/mod.ts";
import { createGolden, embedGolden, type Golden, largestDifference, parityTolerance } from "./golden.ts";
import { type ImportConfigInput, parseImportConfig } from "./import-config.ts";
import { checkOperators, type OutputForm, wrapTower } from "./import-graph.ts";
import type { DeployableModel } from "./register-model.ts";

/** Two towers as another program wrote them. */
export interface ForeignTowers {
  readonly userOnnx: Uint8Array;
  readonly itemOnnx: Uint8Array;
}

/** What {@link importTowers} is given. */
export interface ImportTowersOptions {
  /** What the towers read: fitted by `fitFeatures`, or of an earlier version; `config.states` goes before their states. */
  readonly features: FittedFeatures;
  /** How their inputs read the features. @default every input has the name of one of ours */
  readonly config?: ImportConfigInput;
  /** Items to check with: the catalogue, or a part of it. */
  readonly items: readonly Item[];
  /** What computes the vectors that the portable executor must give too. */
  readonly runtime: Runtime;
  /** The moment the check's viewers are taken at, milliseconds since 1970. */
  readonly asOf: number;
}

/** Towers that are ready to be registered. */
export interface ImportedTowers {
  /** For `Deployer.register`. */
  readonly model: DeployableModel;
  /** Width of the served vectors. */
  readonly dims: number;
  /** Largest difference between the runtime and the portable executor. */
  readonly parity: number;
  /** The shortest and the longest item vector as the tower itself gives them. */
  readonly itemLengths: { readonly least: number; readonly most: number };
}

/**
 * Takes in towers that were trained elsewhere: checks their operators, inputs, types and shapes, puts our inputs and a
 * vector of unit length around them, and checks on golden inputs that rows do not depend on each other, that every
 * number is finite, and that the portable executor gives what the runtime gives.
 *
 * @param towers ONNX bytes, from torch.onnx, tf2onnx or any other program.
 * @param options What they read, and how to check them.
 * @returns What `Deployer.register` takes.
 * @throws FutagoError `bundle_corrupt` for bytes that are no model, `model_unsupported` that names what cannot be run or
 * which vectors are not finite, `parity_failed`.
 * @throws TypeError When an input's name, type or shape does not fit the description.
 * @throws RangeError When the towers' vectors differ in width, or there is no item to check with.
 *
 * @example
 * ```ts no-run
 * import { type Dataset, type Deployer, fitFeatures, importTowers, type Runtime, videoSchema } from "futago";
 * declare const [dataset, deployer, runtime]: [Dataset, Deployer, Runtime];
 * declare const [userOnnx, itemOnnx]: [Uint8Array, Uint8Array];
 * const { model } = await importTowers(
 *   { userOnnx, itemOnnx },
 *   {
 *     features: fitFeatures(videoSchema, dataset),
 *     config: { kind: "tower-import", user: { inputs: { taste: { kind: "dense", features: ["genreShare"] } } } },
 *     items: dataset.items,
 *     runtime,
 *     asOf: Date.now(),
 *   },
 * );
 * const { version } = await deployer.register(model, { dataset });
 * ```
 */
export async function importTowers(
  towers: ForeignTowers,
  options: ImportTowersOptions,
): Promise<ImportedTowers> {
  const { items, runtime, asOf } = options;
  const config = parseImportConfig(options.config ?? { kind: "tower-import" });
  if (items.length === 0)
    throw new RangeError("Cannot import towers as there must be an item to check them with");
  if (options.features.userLayout.sequence !== undefined) {
    throw new TypeError(
      `Cannot import towers over a schema with a sequence as imported towers read bags and numbers alone: current value is "${options.features.schema.name}"; use a schema without it`,
    );
  }
  // What is no state of its feature is refused there.
  const features = withStates(options.features, config.states as KnownStates);
  const models = { user: parseOnnx(towers.userOnnx), item: parseOnnx(towers.itemOnnx) };
  checkOperators("user", models.user);
  checkOperators("item", models.item);
  const wrap = (forms: Record<TowerSide, OutputForm>): ForeignTowers => {
    const side = (which: TowerSide, layout: RowLayout): Uint8Array =>
      encodeOnnx(wrapTower(which, models[which], { layout, tower: config[which], form: forms[which] }));
    return { userOnnx: side("user", features.userLayout), itemOnnx: side("item", features.itemLayout) };
  };
  const raw = await loadTowers(runtime, {
    ...wrap({ user: { kind: "raw" }, item: { kind: "raw" } }),
    features,
  });
  let itemLengths: ImportedTowers["itemLengths"];
  try {
    const golden = await createGolden(raw, items, { asOf });
    checkFinite(golden);
    await checkRowsAlone(raw, golden);
    itemLengths = await lengthsOf(raw, items);
  } finally {
    await raw.close();
  }
  if (config.similarity === "cosine" && itemLengths.least < 1e-6) {
    throw new FutagoError(
      "model_unsupported",
      `Cannot import the item tower as each of its vectors must have a direction: the shortest has length ${itemLengths.least}; where it ranks by the inner product, say "similarity": "dot"`,
    );
  }
  // A little above the longest of today, so that tomorrow's longest item is not shortened.
  const limit = Math.max(1e-6, itemLengths.most * 1.05);
  const served = wrap(
    config.similarity === "dot"
      ? { user: { kind: "query" }, item: { kind: "bounded", limit } }
      : { user: { kind: "unit" }, item: { kind: "unit" } },
  );
  const { dims, parity } = await compare(runtime, served, { features, items, asOf });
  const model: DeployableModel = {
    features,
    towerConfig: { ...config, kind: "imported_towers", preset: "imported" },
    trainingConfig: { importedAt: asOf, opsets: [models.user.opsets, models.item.opsets] },
    ...served,
  };
  return { model, dims, parity, itemLengths };
}

async function compare(
  runtime: Runtime,
  towers: ForeignTowers,
  { features, items, asOf }: Pick<ImportTowersOptions, "features" | "items" | "asOf">,
): Promise<{ readonly dims: number; readonly parity: number }> {
  const portable = await loadTowers(createPortableRuntime(), { ...towers, features });
  const native = await loadTowers(runtime, { ...towers, features });
  try {
    const golden = await createGolden(native, items, { asOf });
    const { itemVectors, userVectors } = await embedGolden(portable, golden);
    const parity = Math.max(
      largestDifference(itemVectors, golden.itemVectors.flat()),
      largestDifference(userVectors, golden.userVectors.flat()),
    );
    if (parity <= parityTolerance) return { dims: native.dims, parity };
    throw new FutagoError(
      "parity_failed",
      `Cannot import these towers as the portable executor must give what ${runtime.name} gives within ${parityTolerance}: current difference is ${parity}`,
      { details: { difference: parity } },
    );
  } finally {
    await native.close();
    await portable.close();
  }
}

function checkFinite({ itemVectors, userVectors, people }: Golden): void {
  const broken = (vectors: readonly (readonly number[])[]): number =>
    vectors.findIndex((vector) => !vector.every(Number.isFinite));
  const user = broken(userVectors);
  const item = broken(itemVectors);
  if (user < 0 && item < 0) return;
  const events = people[user]?.events.length;
  throw new FutagoError(
    "model_unsupported",
    user >= 0
      ? `Cannot import the user tower as its vectors must be finite: that of a viewer with ${events} events is not; where it takes a mean over the history, divide by at least 1`
      : "Cannot import the item tower as its vectors must be finite: that of an item of the catalogue is not; where it takes a mean or a logarithm, guard it against 0",
  );
}

/** A tower whose rows see each other answers otherwise alone than in a batch. */
async function checkRowsAlone(towers: Towers, golden: Golden): Promise<void> {
  for (const [row, person] of golden.people.entries()) {
    const { userVectors } = await embedGolden(towers, { ...golden, people: [person] });
    refuseDependent("user", userVectors, golden.userVectors[row]!);
  }
  for (const [row, item] of golden.items.slice(0, 4).entries()) {
    refuseDependent("item", await towers.embedItems([item]), golden.itemVectors[row]!);
  }
}

function refuseDependent(side: TowerSide, alone: Float32Array, together: readonly number[]): void {
  const scale = Math.max(1, ...together.map(Math.abs));
  const difference = largestDifference(alone, together);
  if (difference <= parityTolerance * scale) return;
  throw new FutagoError(
    "model_unsupported",
    `Cannot import the ${side} tower as each row must not depend on the others of its batch: one differs by ${difference} when it comes alone; export the model for inference (model.eval(), training=False)`,
    { details: { side, difference } },
  );
}

async function lengthsOf(towers: Towers, items: readonly Item[]): Promise<ImportedTowers["itemLengths"]> {
  const { dims } = towers;
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (let from = 0; from < items.length; from += lengthBatch) {
    const vectors = await towers.embedItems(items.slice(from, from + lengthBatch));
    for (let at = 0; at < vectors.length; at += dims) {
      const length = Math.hypot(...vectors.subarray(at, at + dims));
      least = Math.min(least, length);
      most = Math.max(most, length);
    }
  }
  return { least, most };
}

/** Items whose vectors are in memory at once. */
const lengthBatch = 2000;
