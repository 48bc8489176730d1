/** Where the time comes from; handed in, so that tests and replays choose it. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  now(): number;
}
