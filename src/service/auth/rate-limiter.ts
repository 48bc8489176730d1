import type { Clock } from "../../base/mod.ts";

/** How often one caller may ask: each viewer, and each address from which callers are refused. */
export interface RateLimit {
  /** Requests a minute, over time. Above 0. */
  readonly perMinute: number;
  /** Requests at once, after a pause. @default perMinute */
  readonly burst?: number;
  /** Requests a minute of each service key, behind which there may be many viewers. @default as many as come */
  readonly servicePerMinute?: number;
}

/** Counts requests of callers. */
export interface RateLimiter {
  /**
   * Counts a request.
   *
   * @param caller Whatever tells callers apart.
   * @returns 0 where it may go on, otherwise the seconds to wait, rounded up.
   */
  take(caller: string): number;
}

interface Bucket {
  tokens: number;
  /** When `tokens` was right, in milliseconds since 1970. */
  at: number;
}

/**
 * A token bucket for each caller, in the memory of this process: it fills at an even rate up to `burst`, and a request
 * takes one token. Of more callers than it can keep, the one that has not asked for longest is forgotten, which gives
 * them a full bucket again.
 *
 * @param limit How often.
 * @param options Clock, and how many callers to keep.
 * @returns The limiter.
 * @throws RangeError For limits that nobody could keep.
 */
export function createRateLimiter(
  limit: RateLimit,
  options: { readonly clock: Clock; readonly maxCallers?: number },
): RateLimiter {
  const { perMinute, burst = perMinute } = limit;
  const { clock, maxCallers = 50_000 } = options;
  if (!(perMinute > 0 && Number.isFinite(perMinute) && burst >= 1 && Number.isFinite(burst))) {
    throw new RangeError(
      `Cannot limit requests as perMinute must be above 0 and burst 1 or more: current values are ${perMinute} and ${burst}`,
    );
  }
  const perMillisecond = perMinute / 60_000;
  // In the order in which they asked last: a Map keeps the order of insertion.
  const buckets = new Map<string, Bucket>();

  return Object.freeze<RateLimiter>({
    take: (caller) => {
      const now = clock.now();
      const bucket = buckets.get(caller) ?? { tokens: burst, at: now };
      // A clock that was set back takes nothing away.
      const passed = Math.max(0, now - bucket.at);
      bucket.tokens = Math.min(burst, bucket.tokens + passed * perMillisecond);
      bucket.at = now;
      buckets.delete(caller);
      buckets.set(caller, bucket);
      if (buckets.size > maxCallers) buckets.delete(buckets.keys().next().value!);
      if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / perMillisecond / 1000));
      bucket.tokens -= 1;
      return 0;
    },
  });
}
