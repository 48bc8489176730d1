/** What a server counted since the last look. */
export interface ServedSince {
  readonly requests: number;
  /** The bound under which 95 of 100 recommendations were answered, in milliseconds. */
  readonly p95Ms: number;
  readonly answers: number;
  readonly fallbacks: number;
}

/** Counters by name and labels, as they were exposed. */
export type Counters = ReadonlyMap<string, number>;

/**
 * Reads the Prometheus text format, as far as `futago serve` writes it.
 *
 * @param text What `/metrics` answered.
 * @returns Values by name with labels.
 */
export function readCounters(text: string): Counters {
  const lines = Array.from(text.matchAll(/^(futago_\w+(?:\{[^}]*\})?) (\S+)$/gm));
  return new Map(lines.map(([, name, value]) => [name!, Number(value)]));
}

/**
 * What happened between two looks.
 *
 * @param now Counters of this look.
 * @param before Those of the last one; a server that was started anew counts from 0.
 * @returns The differences.
 */
export function servedSince(now: Counters, before: Counters): ServedSince {
  const grown = (name: string, value: number): number => {
    const last = before.get(name) ?? 0;
    return value >= last ? value - last : value;
  };
  const sum = (prefix: string): number =>
    [...now].reduce((total, [name, value]) => total + (name.startsWith(prefix) ? grown(name, value) : 0), 0);
  const buckets = new Map<number, number>();
  for (const [name, value] of now) {
    if (!name.startsWith("futago_request_seconds_bucket{") || !/route="[^"]*recommendations"/.test(name)) {
      continue;
    }
    const le = /le="([^"]+)"/.exec(name)?.[1];
    const at = le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le);
    buckets.set(at, (buckets.get(at) ?? 0) + grown(name, value));
  }
  const requests = buckets.get(Number.POSITIVE_INFINITY) ?? 0;
  const reached = [...buckets].sort(([a], [b]) => a - b).find(([, count]) => count >= 0.95 * requests);
  return {
    requests,
    p95Ms: (reached?.[0] ?? 0) * 1000,
    answers: sum("futago_answers_total"),
    fallbacks: sum("futago_fallbacks_total"),
  };
}
