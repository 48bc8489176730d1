import { bagEntries, type FittedFeatures } from "../features/mod.ts";
import {
  linearTables,
  readTowerWeights,
  type ServedHeads,
  type TowerArray,
  type TowerParameter,
  tableName,
  temperatureParameter,
} from "../towers/mod.ts";
import { headParameterPrefix } from "./task-heads.ts";

/** A trained pair of towers to start from: a `TrainedModel`, or a bundle as it was read. */
export interface ParentTowers {
  readonly userOnnx: Uint8Array;
  readonly itemOnnx: Uint8Array;
  /** The features that they were trained with. */
  readonly features: FittedFeatures;
  /** Of a training with heads. */
  readonly heads?: ServedHeads | undefined;
}

/** How training starts from a parent. */
export interface WarmStart {
  readonly parent: ParentTowers;
  /**
   * What to do where the parent has another schema or other shapes: refuse, or start fresh and say so in the model's
   * `start`.
   * @default "refuse"
   */
  readonly mismatch?: "refuse" | "fresh";
}

/** Where a training started. */
export type TrainingStart =
  /** `reason`: why the parent that was given was not used. */
  | { readonly kind: "fresh"; readonly reason?: string }
  /** Of all tables together: rows that began as the parent's, and rows in all. */
  | { readonly kind: "warm"; readonly carriedRows: number; readonly rows: number };

/**
 * Puts a parent's weights over fresh ones.
 *
 * Rows of tables are found by what they stand for (an id, a genre, a term), rows of a first layer by the column that they
 * read. What the parent did not know keeps its fresh start; what it alone knew is dropped. A vocabulary smaller than
 * `bagDims` decides the width of its vectors: where it grew, old rows are 0 in the new columns, so that they do what
 * they did.
 *
 * @param weights Fresh weights by parameter name; overwritten in place, or untouched where the parent does not fit.
 * @param options The parent, and what is trained.
 * @returns What was carried over.
 * @throws RangeError When the parent does not fit and a fresh start is not allowed.
 * @throws FutagoError `bundle_corrupt` where its towers are no models.
 */
export function startWarm(
  weights: Readonly<Record<string, Float32Array>>,
  options: {
    readonly warmStart: WarmStart;
    readonly features: FittedFeatures;
    readonly parameters: readonly TowerParameter[];
  },
): TrainingStart {
  const { warmStart, features } = options;
  const { parent, mismatch = "refuse" } = warmStart;
  const pairs = parent.features.schemaHash === features.schemaHash ? pairUp(weights, options) : undefined;
  const fault =
    pairs === undefined
      ? "its feature schema is another"
      : pairs.map(misfit).find((found) => found !== undefined);
  if (pairs === undefined || fault !== undefined) {
    if (mismatch === "fresh") return { kind: "fresh", reason: fault! };
    throw new RangeError(
      `Cannot start warm as the parent must have the same schema and shape: ${fault}; train without it, or as it was trained`,
    );
  }
  let carriedRows = 0;
  let rows = 0;
  for (const { bag, fresh, old, rows: names } of pairs) {
    const carried = carryOver(fresh!, old!, names);
    if (bag === undefined) continue;
    carriedRows += carried;
    rows += fresh!.shape[0]!;
  }
  return { kind: "warm", carriedRows, rows };
}

/** One parameter, before and after. */
interface Pair {
  readonly name: string;
  readonly bag: TowerParameter["bag"] | undefined;
  /** Undefined where only the parent has it. */
  readonly fresh: TowerArray | undefined;
  /** Undefined where the parent does not have it. */
  readonly old: TowerArray | undefined;
  readonly rows: { readonly from: readonly string[] | undefined; readonly to: readonly string[] | undefined };
}

function pairUp(
  weights: Readonly<Record<string, Float32Array>>,
  { warmStart, features, parameters }: Parameters<typeof startWarm>[1],
): readonly Pair[] {
  const { parent } = warmStart;
  const known = new Map([
    ...readTowerWeights("user", parent.userOnnx),
    ...readTowerWeights("item", parent.itemOnnx),
  ]);
  // Not every version has a temperature to hand on, and heads are not in towers: see startHeads.
  // A linear part is found anew each time.
  for (const name of Object.values(linearTables)) known.delete(name);
  const needed = (name: string) => name !== temperatureParameter && !name.startsWith(headParameterPrefix);
  const kept = parameters.filter(({ name }) => needed(name) || known.has(name));
  if (!kept.some(({ name }) => name === temperatureParameter)) known.delete(temperatureParameter);
  const now = new Map(kept.map(({ name, shape }) => [name, { shape, data: weights[name]! }]));
  const bags = new Map(kept.map(({ name, bag }) => [name, bag]));
  return [...new Set([...now.keys(), ...known.keys()])].map((name) => {
    const bag = bags.get(name);
    const rows = {
      from: rowNames(name, { bag, features: parent.features, arrays: known }),
      to: rowNames(name, { bag, features, arrays: now }),
    };
    return { name, bag, fresh: now.get(name), old: known.get(name), rows };
  });
}

/** What each row of an array stands for; undefined where that is its number. */
function rowNames(
  name: string,
  of: {
    readonly bag: TowerParameter["bag"] | undefined;
    readonly features: FittedFeatures;
    readonly arrays: ReadonlyMap<string, TowerArray>;
  },
): readonly string[] | undefined {
  const { bag, features, arrays } = of;
  if (bag !== undefined) {
    const entries = bagEntries(features, bag.side, bag.layout.name);
    // Row 0 is "unknown", whatever the words are.
    return entries && ["unknown", ...entries.map((entry) => `= ${entry}`)];
  }
  const side = name.startsWith("user.") ? "user" : "item";
  const layout = side === "user" ? features.userLayout : features.itemLayout;
  const plain = arrays.has(`${side}.hidden0.weight`) ? "hidden0" : "output";
  const first = layout.sequence === undefined ? plain : "sequence.fields";
  if (name !== `${side}.${first}.weight` && name !== "item.popularity.weight") return undefined;
  const columns = (of: string, width: number): string[] =>
    Array.from({ length: width }, (_, column) => `${of} ${column}`);
  return [
    ...layout.bags
      .filter(({ role }) => role !== "id")
      .flatMap((read) => columns(read.name, arrays.get(tableName(side, read.name))?.shape[1] ?? 0)),
    ...layout.dense.flatMap((read) => columns(read.name, read.width)),
  ];
}

/** Why a parameter cannot start from the parent's. */
function misfit({ name, bag, fresh, old, rows }: Pair): string | undefined {
  if (old === undefined) return `it has no ${name}`;
  if (fresh === undefined) return `it has ${name} besides`;
  const [before, now] = [old.shape, fresh.shape];
  const differs = `its ${name} is ${before.join(" × ")} instead of ${now.join(" × ")}`;
  if (before.length !== 2 || before[0] !== (rows.from?.length ?? now[0])) return differs;
  if (before[1] === now[1]) return undefined;
  // A bag's vectors are as wide as its vocabulary where that is small: new data alone may widen them.
  const narrower = before[1]! < now[1]! ? before : now;
  return bag?.layout.role === "content" && narrower[0] === narrower[1] ? undefined : differs;
}

/** Copies the rows that both have; how many. */
function carryOver(fresh: TowerArray, old: TowerArray, { from, to }: Pair["rows"]): number {
  const [rows, width] = fresh.shape as [number, number];
  const [before, widthBefore] = old.shape as [number, number];
  const place = from && new Map(from.map((name, row) => [name, row]));
  let carried = 0;
  for (let row = 0; row < rows; row++) {
    const source = place === undefined || to === undefined ? row : place.get(to[row]!);
    if (source === undefined || source >= before) continue;
    const start = source * widthBefore;
    fresh.data.fill(0, row * width, (row + 1) * width);
    fresh.data.set(old.data.subarray(start, start + Math.min(width, widthBefore)), row * width);
    carried++;
  }
  return carried;
}
