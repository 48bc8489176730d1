import type { Clock } from "../base/mod.ts";

/** The people whose confirmed age this process has read lately: all that is known of anybody without the database. */
export class KnownAges {
  readonly #clock: Clock;
  readonly #limits: { readonly people: number; readonly maxAgeMs: number };
  // In the order in which they were read, the oldest first.
  readonly #readAt = new Map<string, number>();

  constructor(clock: Clock, limits: { readonly people: number; readonly maxAgeMs: number }) {
    this.#clock = clock;
    this.#limits = limits;
  }

  confirmed(personId: string): void {
    this.#readAt.delete(personId);
    this.#readAt.set(personId, this.#clock.now());
    if (this.#readAt.size <= this.#limits.people) return;
    for (const oldest of this.#readAt.keys()) {
      this.#readAt.delete(oldest);
      return;
    }
  }

  forget(personId: string): void {
    this.#readAt.delete(personId);
  }

  has(personId: string): boolean {
    const readAt = this.#readAt.get(personId);
    return readAt !== undefined && this.#clock.now() - readAt <= this.#limits.maxAgeMs;
  }
}
