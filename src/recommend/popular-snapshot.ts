import type { Clock } from "../base/mod.ts";
import { type CatalogueStore, type ItemFacts, itemFacts } from "../catalogue/mod.ts";
import type { ItemFilter, Neighbour, VectorStore } from "../embeddings/mod.ts";
import { rerank } from "./diversity/rerank.ts";
import { fits } from "./shown-items.ts";
import { namesIn } from "./variety.ts";

/** What was taken down: an item, or everything of a performer. */
export type TakenDown = { readonly itemId: string } | { readonly performer: string };

/** Options of {@link PopularSnapshot}. */
export interface SnapshotOptions {
  /** Items kept, 0-1000; 0 keeps none. */
  readonly items: number;
  /** How old it may be when it answers, in milliseconds. */
  readonly maxAgeMs: number;
  /** How often it is taken anew while the database answers, in milliseconds. */
  readonly everyMs: number;
}

interface Kept extends Neighbour {
  readonly facts: ItemFacts;
}

/** The most liked items, kept in memory for the minutes in which the database gives no answer. */
export class PopularSnapshot {
  readonly #deps: { readonly store: CatalogueStore; readonly vectors: VectorStore; readonly clock: Clock };
  readonly #options: SnapshotOptions;
  #kept: readonly Kept[] = [];
  /** Each id of it by itself. */
  #ids: ReadonlyMap<string, string> = new Map();
  #takenAt = Number.NEGATIVE_INFINITY;
  #taking: Promise<void> | undefined;
  /** Taken down while a snapshot was being read that may not know of it. */
  #takenDown: TakenDown[] = [];

  constructor(
    deps: { readonly store: CatalogueStore; readonly vectors: VectorStore; readonly clock: Clock },
    options: SnapshotOptions,
  ) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Takes it anew behind everybody's back where it is due; the database has just answered. */
  takeIfDue(): void {
    if (this.#deps.clock.now() - this.#takenAt >= this.#options.everyMs) void this.take();
  }

  /** Takes it now. A failure leaves the one before, which goes on ageing. */
  take(): Promise<void> {
    if (this.#options.items === 0) return Promise.resolve();
    this.#taking ??= this.#read()
      .catch(() => {})
      .finally(() => {
        this.#taking = undefined;
      });
    return this.#taking;
  }

  /**
   * Those that are in the snapshot.
   *
   * @param itemIds Any.
   * @returns Each once, the snapshot's own strings, so that remembering them takes no memory.
   */
  among(itemIds: readonly string[]): readonly string[] {
    const found = new Set<string>();
    for (const id of itemIds) {
      const own = this.#ids.get(id);
      if (own !== undefined) found.add(own);
    }
    return [...found];
  }

  /** Leaves out from now on what was taken down. */
  withdraw(what: TakenDown): void {
    if (this.#taking !== undefined) this.#takenDown.push(what);
    this.#kept = this.#kept.filter((kept) => !concerns(what, kept));
  }

  /**
   * The most liked that fit.
   *
   * @param query How many, which not, and what they must be.
   * @returns Best first; undefined where the snapshot is too old to be shown, as what was taken down since is in it.
   */
  find(query: {
    readonly limit: number;
    readonly exclude: ReadonlySet<string>;
    readonly only?: ReadonlySet<string>;
    readonly filter?: ItemFilter;
    readonly caps?: Readonly<Record<string, number>>;
  }): readonly Neighbour[] | undefined {
    const age = this.#deps.clock.now() - this.#takenAt;
    if (!(age >= 0 && age <= this.#options.maxAgeMs)) return undefined;
    const { limit, exclude, only, filter, caps = {} } = query;
    const fitting = this.#kept.filter(
      ({ itemId, facts }) =>
        !exclude.has(itemId) && (only?.has(itemId) ?? true) && fits(facts, filter ? { filter } : {}),
    );
    const chosen = rerank(
      { scores: fitting.map(({ score }) => score) },
      {
        limit,
        caps: Object.entries(caps).map(([field, most]) => ({
          most,
          valuesOf: (at) => namesIn({ ...fitting[at]!.facts }, field),
        })),
      },
    );
    return chosen.map((at) => ({ itemId: fitting[at]!.itemId, score: fitting[at]!.score }));
  }

  async #read(): Promise<void> {
    const { store, vectors, clock } = this.#deps;
    const takenAt = clock.now();
    this.#takenDown = [];
    const popular = await vectors.popular({ limit: this.#options.items });
    const facts = new Map<string, ItemFacts>();
    for await (const page of store.items({ ids: popular.map(({ itemId }) => itemId) })) {
      for (const item of page) if (item.withdrawn !== true) facts.set(item.id, itemFacts(item));
    }
    const kept = popular.flatMap(({ itemId, score }): Kept[] => {
      const known = facts.get(itemId);
      return known === undefined ? [] : [{ itemId, score, facts: known }];
    });
    this.#kept = kept.filter((item) => !this.#takenDown.some((what) => concerns(what, item)));
    this.#ids = new Map(this.#kept.map(({ itemId }) => [itemId, itemId]));
    this.#takenAt = takenAt;
  }
}

function concerns(what: TakenDown, { itemId, facts }: Kept): boolean {
  return "itemId" in what ? what.itemId === itemId : facts.performers.includes(what.performer);
}
