import type { Clock } from "./clock.ts";

/** Options of {@link CircuitBreaker}. */
export interface CircuitBreakerOptions {
  readonly clock: Clock;
  /** Failures in a row that open it. @default 2 */
  readonly failures?: number;
  /** Once open, one attempt is let through in so many milliseconds. @default 1000 */
  readonly everyMs?: number;
  /** Told of every change. */
  readonly onChange?: (open: boolean) => void;
}

/**
 * Keeps callers from waiting, one after the other, for something that does not answer: after some failures in a row
 * only one attempt in `everyMs` is let through, and the first that succeeds lets everybody through again (Nygard,
 * "Release It!", 2007).
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #failures = 0;
  #triedAt: number | undefined;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  /** Whether attempts are being held back. */
  get open(): boolean {
    return this.#triedAt !== undefined;
  }

  /** Whether an attempt may be made now; whoever makes it tells how it went. */
  enter(): boolean {
    if (this.#triedAt === undefined) return true;
    const { clock, everyMs = 1000 } = this.#options;
    const now = clock.now();
    // A clock that was set back must not hold attempts back for long.
    if (now >= this.#triedAt && now - this.#triedAt < everyMs) return false;
    this.#triedAt = now;
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    if (this.#triedAt === undefined) return;
    this.#triedAt = undefined;
    this.#options.onChange?.(false);
  }

  failed(): void {
    const { clock, failures = 2 } = this.#options;
    if (++this.#failures < failures || this.#triedAt !== undefined) return;
    this.#triedAt = clock.now();
    this.#options.onChange?.(true);
  }
}
