import type { Csr, Random } from "../base/mod.ts";
import type { Dataset, Taste } from "../catalogue/mod.ts";
import {
  type EncodedRows,
  encodeUsers,
  type FittedFeatures,
  type Histories,
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
  /** Which of their events have happened: from the first up to but not the second, in the columns of their histories. */
  readonly events: readonly [number, number];
  /** What dense features say of these. */
  readonly dense: Float32Array;
}

/** Most values of one field that anybody is taken to declare. */
const mostDeclared = 3;
/** How many events a new viewer has, each as often. */
const eventCounts = [0, 0, 1, 1, 2, 2, 3, 5] as const;
/** How often nothing is declared of a field: some pick genres alone, and some nothing at all. */
const nothingDeclared = 0.3;

/**
 * Turns some rows of a step into viewers who have just come: without events or with a few that follow each other, with a taste
 * they might declare where the schema reads one, made of what is most common among what they like. Without such rows no tower ever sees an empty history
 * in training, or a taste beside one or two likes, and what it says of these in serving is anybody's guess.
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
   * @param options Their histories in that order, and the step's own source, for this alone.
   * @returns By row.
   */
  draw(
    users: Int32Array,
    { histories, random }: { readonly histories: Histories; readonly random: Random },
  ): ReadonlyMap<number, NewViewer> {
    const { dataset, share } = this.#options;
    const drawn = new Map<number, NewViewer>();
    for (const [row, user] of users.entries()) {
      if (random.next() >= share) continue;
      const fields = { ...dataset.people[user]!.fields, taste: this.#declare(user, random) };
      const events = fewEvents(histories, row, random);
      drawn.set(row, { fields, events, dense: this.#dense(histories, { row, fields, events }) });
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

  #dense(
    histories: Histories,
    { row, fields, events }: Omit<NewViewer, "dense"> & { readonly row: number },
  ): Float32Array {
    const { item, kind, at, watchFraction, watchSeconds, asOf } = histories;
    const few = {
      offsets: Int32Array.of(0, events[1] - events[0]),
      item: item.slice(...events),
      kind: kind.slice(...events),
      at: at.slice(...events),
      watchFraction: watchFraction.slice(...events),
      ...(watchSeconds && { watchSeconds: watchSeconds.slice(...events) }),
      asOf: asOf.slice(row, row + 1),
      fields: [fields],
    };
    return encodeUsers(this.#options.features, few, { items: this.#options.items }).dense;
  }
}

function fewEvents({ offsets }: Histories, row: number, random: Random): readonly [number, number] {
  const first = offsets[row]!;
  const all = offsets[row + 1]! - first;
  const count = Math.min(all, eventCounts[random.integer(eventCounts.length)]!);
  const from = first + random.integer(all - count + 1);
  return [from, from + count];
}
