import type { Clock } from "../base/mod.ts";
import type { CatalogueStore, PersonHistory } from "../catalogue/mod.ts";
import type { ItemFilter, VectorStore } from "../embeddings/mod.ts";
import { type Answer, ranked } from "./answer.ts";
import { KnownViewers } from "./known-viewers.ts";
import { PopularSnapshot, type TakenDown } from "./popular-snapshot.ts";
import type { Variety } from "./variety.ts";

/** What an engine keeps in memory for the time in which the database gives no answer. */
export interface WithoutDatabaseOptions {
  /** Most liked items, 0-1000; 0 switches answers without the database off. @default 1000 */
  readonly items?: number;
  /** How old they may be, in milliseconds: what somebody else took down since is among them. @default 300000 */
  readonly maxAgeMs?: number;
  /** How often they are read anew, in milliseconds. @default 60000 */
  readonly everyMs?: number;
  /** People whose confirmed age is remembered. @default 10000 */
  readonly people?: number;
  /** How long it is remembered, in milliseconds. @default 900000 */
  readonly rememberAgeMs?: number;
}

/** What was asked for. */
export interface MemoryQuery {
  readonly limit: number;
  readonly exclude?: readonly string[];
  /** Only these. */
  readonly candidates?: readonly string[];
  readonly filter?: ItemFilter;
  readonly ageConfirmed?: boolean | undefined;
  /** Caps hold as far as fields are known; what is alike is not. */
  readonly variety?: Pick<Variety, "caps">;
}

/**
 * Answers while the database gives none: the most liked, as they were a few minutes ago, for those alone whose age is
 * known to be confirmed, by a proof the caller brings or by a profile this process has read lately.
 */
export class WithoutDatabase {
  readonly #viewers: KnownViewers;
  readonly #snapshot: PopularSnapshot;
  #forgotten = 0;

  constructor(
    deps: { readonly store: CatalogueStore; readonly vectors: VectorStore; readonly clock: Clock },
    options: WithoutDatabaseOptions = {},
  ) {
    const { items = 1000, maxAgeMs = 300_000, everyMs = 60_000 } = options;
    const { people = 10_000, rememberAgeMs = 900_000 } = options;
    this.#viewers = new KnownViewers(deps.clock, { people, maxAgeMs: rememberAgeMs });
    this.#snapshot = new PopularSnapshot(deps, { items, maxAgeMs, everyMs });
  }

  /**
   * A profile is about to be read.
   *
   * @param personId Whose.
   * @returns To be handed what was read. Who is forgotten meanwhile stays so: what was read is older.
   */
  reading(personId: string): (history: PersonHistory | undefined) => void {
    const forgotten = this.#forgotten;
    return (history) => {
      if (history?.person.ageConfirmedAt === undefined) this.#viewers.forget(personId);
      else if (forgotten === this.#forgotten) {
        this.#viewers.remember(personId, this.#snapshot.among(history.events.map(({ itemId }) => itemId)));
      }
    };
  }

  forget(personId: string): void {
    this.#forgotten++;
    this.#viewers.forget(personId);
  }

  withdraw(what: TakenDown): void {
    this.#snapshot.withdraw(what);
  }

  /** The database has just answered: reads the most liked anew where they are due, behind everybody's back. */
  keep(): void {
    this.#snapshot.takeIfDue();
  }

  /** Reads the most liked now; a failure is none. */
  refresh(): Promise<void> {
    return this.#snapshot.take();
  }

  /**
   * What is known to be right for everybody.
   *
   * @param personId Who asks.
   * @param query What for.
   * @returns Undefined where the age is not known, or nothing recent enough is.
   */
  answer(personId: string, query: MemoryQuery): Omit<Answer, "modelVersion"> | undefined {
    const seen = this.#viewers.seenBy(personId);
    if (query.ageConfirmed !== true && seen === undefined) return undefined;
    const { limit, exclude = [], candidates, filter, variety } = query;
    const found = this.#snapshot.find({
      limit,
      // Of candidates those that were seen stay in, as ever.
      exclude: new Set([...exclude, ...(candidates === undefined ? (seen ?? []) : [])]),
      ...(candidates === undefined ? {} : { only: new Set(candidates) }),
      ...(filter === undefined ? {} : { filter }),
      ...(variety?.caps === undefined ? {} : { caps: variety.caps }),
    });
    if (found === undefined || found.length === 0) return undefined;
    return { recommendations: ranked(found), source: "popularity", stale: true };
  }
}
