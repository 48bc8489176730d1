import type { Clock } from "../base/mod.ts";

interface Known {
  readonly readAt: number;
  readonly seen: readonly string[];
}

/**
 * The people whose confirmed age this process has read lately, and what of the most liked they had seen or refused then:
 * all that is known of anybody without the database.
 */
export class KnownViewers {
  readonly #clock: Clock;
  readonly #limits: { readonly people: number; readonly maxAgeMs: number };
  // In the order in which they were read, the oldest first.
  readonly #known = new Map<string, Known>();

  constructor(clock: Clock, limits: { readonly people: number; readonly maxAgeMs: number }) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Somebody's age is confirmed. */
  remember(personId: string, seen: readonly string[]): void {
    this.#known.delete(personId);
    this.#known.set(personId, { readAt: this.#clock.now(), seen });
    if (this.#known.size <= this.#limits.people) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }

  forget(personId: string): void {
    this.#known.delete(personId);
  }

  /** What they have seen; undefined where their age is not known to be confirmed. */
  seenBy(personId: string): readonly string[] | undefined {
    const known = this.#known.get(personId);
    if (known === undefined || this.#clock.now() - known.readAt > this.#limits.maxAgeMs) return undefined;
    return known.seen;
  }
}
