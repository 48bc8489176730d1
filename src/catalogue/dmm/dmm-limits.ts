/** How a client may use the API. Nothing of this is documented for sure: every number is a setting. */
export interface DmmLimits {
  /** From the beginning of one request to the next, in milliseconds. @default 1000 */
  readonly intervalMs: number;
  /** Requests in a day, from 00:00 to 24:00 Japanese time. @default 3000 */
  readonly dailyRequests: number;
  /** Rows in an answer, at most 100. @default 100 */
  readonly hits: number;
  /** The last row that paging reaches: 50,000 until November 2026, 5,000 from December 2026. @default 5000 */
  readonly maxOffset: number;
  /** How often one question is asked while the network or the server fails. @default 4 */
  readonly attempts: number;
  /** The wait before the second attempt, doubled before each further one, and half to one and a half of that. @default 1000 */
  readonly backoffMs: number;
  /** How long one attempt may take, its body included. @default 20000 */
  readonly timeoutMs: number;
  /** How long to stay away when the API first says that it has answered enough. @default 300000 */
  readonly quotaPauseMs: number;
}

const defaults: DmmLimits = {
  intervalMs: 1000,
  dailyRequests: 3000,
  hits: 100,
  maxOffset: 5000,
  attempts: 4,
  backoffMs: 1000,
  timeoutMs: 20_000,
  quotaPauseMs: 300_000,
};

/**
 * Fills in the defaults.
 *
 * @param given Some limits.
 * @returns All of them, frozen.
 * @throws RangeError For one that is no whole number in its range.
 */
export function resolveDmmLimits(given: Partial<DmmLimits> = {}): DmmLimits {
  const limits = { ...defaults, ...given };
  for (const [name, value] of Object.entries(limits)) {
    const least = name === "intervalMs" || name === "backoffMs" || name === "quotaPauseMs" ? 0 : 1;
    const most = name === "hits" ? 100 : Number.MAX_SAFE_INTEGER;
    if (Number.isSafeInteger(value) && value >= least && value <= most) continue;
    throw new RangeError(
      `Cannot ask the DMM API as ${name} must be a whole number from ${least}${most === 100 ? " to 100" : ""}: current value is ${value}`,
    );
  }
  if (limits.maxOffset < 2 * limits.hits) {
    throw new RangeError(
      `Cannot ask the DMM API as maxOffset must be at least twice hits: current values are ${limits.maxOffset} and ${limits.hits}`,
    );
  }
  return Object.freeze(limits);
}
