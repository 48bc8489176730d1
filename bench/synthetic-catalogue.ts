import { createRandom, type Random } from "../src/base/mod.ts";
import type { Item } from "../src/catalogue/mod.ts";

/** What {@link createSyntheticCatalogue} makes. */
export interface SyntheticCatalogueOptions {
  readonly videos: number;
  readonly dims: number;
  /** Shares of the catalogue that have the genres `share 0.5`, `share 0.05`, …, independently of their vectors. */
  readonly shares: readonly number[];
}

/** Videos with vectors that lie as those of trained towers do, made piece by piece so that they need not fit memory. */
export interface SyntheticCatalogue {
  readonly about: string;
  /** The videos from one position to before another, with their vectors row by row. */
  take(from: number, to: number): { readonly items: Item[]; readonly vectors: Float32Array };
  /** A viewer's vector, of unit length. */
  viewer(position: number): Float32Array;
}

const themes = 20;
const centres = 3000;

/**
 * Two levels of centres, as genres and series make them in a trained catalogue: 20 themes, 3000 centres around them (a
 * few of them large, most small: Zipf), and videos around those. Spread falls off over the dimensions, for towers do not
 * use all alike; uniform random vectors would have no neighbours to speak of and make any index look bad. A viewer lies
 * between three centres of one theme.
 *
 * @param options How many, how wide.
 * @returns The catalogue; the same for the same options.
 */
export function createSyntheticCatalogue(options: SyntheticCatalogueOptions): SyntheticCatalogue {
  const { dims, shares } = options;
  // Spread of dimension d: 1 / sqrt(1 + d / 32), scaled so that a whole draw has length 1.
  const spread = Float64Array.from({ length: dims }, (_, d) => 1 / Math.sqrt(1 + d / 32));
  const length = Math.hypot(...spread);
  for (let d = 0; d < dims; d++) spread[d]! /= length;
  const near = (origin: Float32Array | undefined, distance: number, random: Random): Float32Array =>
    unit(
      Float32Array.from(
        spread,
        (s, d) => (origin === undefined ? 0 : origin[d]!) + distance * s * random.normal(),
      ),
    );

  const random = createRandom(1);
  const themeVectors = Array.from({ length: themes }, () => near(undefined, 1, random));
  const centreVectors = Array.from({ length: centres }, (_, c) =>
    near(themeVectors[c % themes], 0.9, random),
  );
  const weights = new Float64Array(centres);
  let total = 0;
  for (let c = 0; c < centres; c++) weights[c] = total += 1 / (c + 20);
  const centreOf = (draw: number): number => {
    let low = 0;
    for (let high = centres - 1; low < high; ) {
      const middle = (low + high) >> 1;
      if (weights[middle]! < draw * total) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    about:
      `${themes} themes, ${centres} centres around them (Zipf), videos around those at 0.7 of a centre's length; ` +
      "spread falls off over the dimensions; viewers between three centres of a theme",
    take: (from, to) => {
      const items: Item[] = [];
      const vectors = new Float32Array((to - from) * dims);
      for (let i = from; i < to; i++) {
        const own = createRandom(1000 + i);
        const centre = centreOf(own.next());
        const genres = shares.filter((share) => own.next() < share).map((share) => `share ${share}`);
        genres.push(`theme ${centre % themes}`);
        items.push({
          id: `v${String(i).padStart(7, "0")}`,
          title: `Video ${i}`,
          fields: {
            genres,
            price: 100 * own.integer(100),
            maker: `maker ${centre % 200}`,
            performers: [`performer ${own.integer(5000)}`],
          },
        });
        vectors.set(near(centreVectors[centre], 0.7, own), (i - from) * dims);
      }
      return { items, vectors };
    },
    viewer: (position) => {
      const own = createRandom(-1 - position);
      const theme = own.integer(themes);
      const sum = new Float32Array(dims);
      for (let pick = 0; pick < 3; pick++) {
        const centre = centreVectors[theme + themes * own.integer(Math.floor(centres / themes))]!;
        for (let d = 0; d < dims; d++) sum[d]! += centre[d]!;
      }
      return unit(sum);
    },
  };
}

function unit(vector: Float32Array): Float32Array {
  let square = 0;
  for (const x of vector) square += x * x;
  const length = Math.sqrt(square);
  for (let d = 0; d < vector.length; d++) vector[d]! /= length;
  return vector;
}
