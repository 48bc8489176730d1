import type { Csr, Random } from "../base/mod.ts";
import type { Dataset, Taste } from "../catalogue/mod.ts";
import {
  type EncodedRows,
  encodeUsers,
  type FittedFeatures,
  tasteFields,
  valuesOf,
} from "../features/mod.ts";

/** What {@link NewViewers} is given. */
export interface NewViewersOptions {
  readonly dataset: Dataset;
  readonly features: FittedFeatures;
  readonly items: EncodedRows;
  /** What each person likes. */
  readonly positives: Csr;
  /** Share of the rows of a step, 0-1. */
  readonly share: number;
}

/** A row of a step as somebody who has just come. */
export interface NewViewer {
  /** Their own fields, with the taste they might have declared. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** What dense features say of nobody's history. */
  readonly dense: Float32Array;
}

/** Most values of one field that anybody is taken to declare. */
const mostDeclared = 3;
/** How often nothing is declared of a field: some pick genres alone, and some nothing at all. */
const nothingDeclared = 0.3;

/**
 * Turns some rows of a step into viewers who have just come: without events, with a taste they might declare, made of what is
 * most common among what they like. Without such rows no tower ever sees an empty history in training, and what it says of
 * one in serving is anybody's guess.
 */
export class NewViewers {
  readonly #options: NewViewersOptions;
  readonly #fields: readonly string[];
  /** By person: their most liked values, by field. */
  readonly #favourites = new Map<number, Taste>();

  constructor(options: NewViewersOptions) {
    this.#options = options;
    this.#fields = tasteFields(options.features.schema);
  }

  /**
   * Draws the rows that come new.
   *
   * @param users People of the dataset, a row each.
   * @param random The step's own source, for this alone.
   * @returns By row.
   */
  draw(users: Int32Array, random: Random): ReadonlyMap<number, NewViewer> {
    const { dataset, share } = this.#options;
    const drawn = new Map<number, NewViewer>();
    if (this.#fields.length === 0) return drawn;
    for (const [row, user] of users.entries()) {
      if (random.next() >= share) continue;
      const fields = { ...dataset.people[user]!.fields, taste: this.#declare(user, random) };
      drawn.set(row, { fields, dense: this.#dense(fields) });
    }
    return drawn;
  }

  #declare(user: number, random: Random): Taste {
    const favourites = this.#favouritesOf(user);
    return Object.fromEntries(
      this.#fields.map((field) => {
        const count = random.next() < nothingDeclared ? 0 : 1 + random.integer(mostDeclared);
        return [field, favourites[field]!.slice(0, count)];
      }),
    );
  }

  #favouritesOf(user: number): Taste {
    const known = this.#favourites.get(user);
    if (known !== undefined) return known;
    const { dataset, positives } = this.#options;
    const liked = positives.indices.subarray(positives.offsets[user]!, positives.offsets[user + 1]!);
    const favourites = Object.fromEntries(
      this.#fields.map((field) => {
        const counts = new Map<string, number>();
        for (const item of liked) {
          for (const value of valuesOf(dataset.items[item]!, field)) {
            counts.set(value, (counts.get(value) ?? 0) + 1);
          }
        }
        const best = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
        return [field, best.slice(0, mostDeclared).map(([value]) => value)];
      }),
    );
    this.#favourites.set(user, favourites);
    return favourites;
  }

  #dense(fields: NewViewer["fields"]): Float32Array {
    const nothing = {
      offsets: new Int32Array(2),
      item: new Int32Array(0),
      kind: new Uint8Array(0),
      at: new Float64Array(0),
      watchFraction: new Float32Array(0),
      asOf: Float64Array.of(this.#options.features.dataEnd),
      fields: [fields],
    };
    return encodeUsers(this.#options.features, nothing, { items: this.#options.items }).dense;
  }
}
