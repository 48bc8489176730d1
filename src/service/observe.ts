/** One request that was answered. Never an id of a person or an item, nor a title: what people watch stays private. */
export interface RequestEntry {
  readonly requestId: string;
  readonly method: string;
  /** The route as it is declared, or `unknown`; never the path as it was sent. */
  readonly route: string;
  readonly status: number;
  readonly milliseconds: number;
  /** Who asked: `local`, `service` or `viewer`; absent where nobody was let in. */
  readonly caller?: string;
  /** Who answered, of recommendations. */
  readonly source?: string;
  readonly modelVersion?: string | null;
  /** Of a refusal. */
  readonly code?: string;
  /** Of something unforeseen: the name of the error and where it came from, without its message. */
  readonly fault?: string;
}

/** Where requests are written down. */
export interface RequestLog {
  request(entry: RequestEntry): void;
}

/** Where requests are counted. */
export interface Metrics {
  observe(entry: RequestEntry): void;
  /** In the Prometheus text format. */
  expose(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Writes nothing down. */
export const silentLog: RequestLog = Object.freeze({ request: () => {} });

/**
 * The name of an unforeseen error and its stack without the message: a database puts values into its messages.
 *
 * @param error What was caught.
 * @returns One line.
 */
export function faultOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return [error.name, ...frames.slice(0, 8).map((line) => line.trim())].join(" ");
}
