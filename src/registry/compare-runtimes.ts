import type { Runtime } from "../onnx/mod.ts";
import { loadTowers, type Towers } from "../towers/mod.ts";
import type { Bundle } from "./bundle.ts";
import { embedGolden, goldenChances, largestDifference, parityTolerance } from "./golden.ts";

/** Something that opens a bundle's towers: {@link onRuntime} for what reads ONNX. */
export interface TowerOpener {
  /** For example `portable`. */
  readonly name: string;
  open(bundle: Bundle): Promise<Towers>;
}

/** How far two of them are apart. */
export interface RuntimeDifference {
  /** A runtime's name, or `recorded` for the vectors in the bundle. */
  readonly a: string;
  readonly b: string;
  /** Largest absolute difference of one component; infinite where one is not finite. */
  readonly difference: number;
}

/** What {@link compareRuntimes} found. */
export interface RuntimeComparison {
  readonly version: string;
  /** Every pair once, the recorded vectors among them. */
  readonly pairs: readonly RuntimeDifference[];
  readonly largest: number;
  /** Whether `largest` is at most {@link parityTolerance}. */
  readonly agree: boolean;
}

/**
 * Opens towers in a runtime that reads ONNX.
 *
 * @param runtime Which.
 * @returns For {@link compareRuntimes}.
 */
export function onRuntime(runtime: Runtime): TowerOpener {
  return { name: runtime.name, open: (bundle) => loadTowers(runtime, bundle) };
}

/**
 * Computes the golden vectors of a version in several runtimes and compares each with each, and with what was recorded
 * when the version was registered.
 *
 * @param bundle The version's bundle.
 * @param openers The runtimes; one is compared with the recorded vectors alone.
 * @returns Every pair's largest difference.
 * @throws FutagoError Where a runtime cannot open the towers.
 *
 * @example
 * ```ts no-run
 * import { type Bundle, compareRuntimes, createPortableRuntime, onRuntime } from "futago";
 * import { createOrtRuntime } from "futago/ort-node";
 * declare const bundle: Bundle;
 * const openers = [onRuntime(await createOrtRuntime()), onRuntime(createPortableRuntime())];
 * const { largest, agree } = await compareRuntimes(bundle, openers);
 * ```
 */
export async function compareRuntimes(
  bundle: Bundle,
  openers: readonly TowerOpener[],
): Promise<RuntimeComparison> {
  const { golden, manifest } = bundle;
  const recorded = [...golden.itemVectors, ...golden.userVectors, ...(golden.chances ?? [])].flat();
  const vectors: { readonly name: string; readonly values: ArrayLike<number> }[] = [
    { name: "recorded", values: recorded },
  ];
  for (const { name, open } of openers) {
    const towers = await open(bundle);
    try {
      vectors.push({ name, values: await goldenValues(towers, bundle) });
    } finally {
      await towers.close();
    }
  }
  const pairs = vectors.flatMap((a, i) =>
    vectors.slice(i + 1).map((b) => ({
      a: a.name,
      b: b.name,
      difference: largestDifference(a.values, b.values),
    })),
  );
  const largest = Math.max(0, ...pairs.map(({ difference }) => difference));
  return { version: manifest.version, pairs, largest, agree: largest <= parityTolerance };
}

/** The golden vectors, and what the heads make of them. */
async function goldenValues(towers: Towers, { golden, heads }: Bundle): Promise<number[]> {
  const vectors = await embedGolden(towers, golden);
  const chances = heads === undefined ? [] : goldenChances(heads, vectors, towers.dims).flat();
  return [...vectors.itemVectors, ...vectors.userVectors, ...chances];
}
