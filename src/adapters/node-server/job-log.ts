import { type DestinationStream, pino } from "pino";
import { PinoPretty } from "pino-pretty";
import type { JobEnd } from "../../jobs/mod.ts";
import { openDailyLog } from "./daily-log.ts";

/** Options of {@link createJobLog}. */
export interface JobLogOptions {
  /** A file a day in it, kept for a week. @default stderr: for people on a terminal, JSON elsewhere */
  readonly directory?: string | undefined;
}

/** A log of what a worker does: kinds, codes and figures, nothing that jobs were told. */
export interface JobLog {
  ended(end: JobEnd): void;
  /** The queue did not answer. */
  queueError(code: string): void;
  /** Alerts that did not arrive; they are sent again. */
  undelivered(count: number): void;
  /** Writes what is still in memory. */
  close(): Promise<void>;
}

/**
 * A log of jobs, one JSON object a line.
 *
 * @param options Where it goes.
 * @returns The log.
 */
export function createJobLog(options: JobLogOptions = {}): JobLog {
  const file = options.directory === undefined ? undefined : openDailyLog(options.directory);
  const logger = pino({ base: null }, file ?? standardError());
  return Object.freeze({
    ended: (end) => {
      if (end.outcome === "dead") logger.error(end, "job failed after its retries");
      else if (end.outcome === "retrying") logger.warn(end, "job failed, will be tried again");
      else logger.info(end, "job");
    },
    queueError: (code) => logger.warn({ code }, "queue did not answer"),
    undelivered: (count) => logger.warn({ count }, "alerts did not arrive"),
    close: async () => file?.close(),
  } satisfies JobLog);
}

/** Options of {@link standardError}. */
export interface StandardErrorOptions {
  /** Whether a person reads it. @default as it is */
  readonly terminal?: boolean;
  /** Another place than stderr. */
  readonly stream?: NodeJS.WritableStream;
}

/**
 * Lines for a person on a terminal, JSON elsewhere; stdout stays for results.
 *
 * @param options Who reads, and where.
 * @returns The destination of a log.
 */
export function standardError({
  terminal = process.stderr.isTTY,
  stream,
}: StandardErrorOptions = {}): DestinationStream {
  if (!terminal) return stream ?? pino.destination({ dest: 2, sync: true });
  return PinoPretty({
    destination: stream ?? 2,
    sync: true,
    translateTime: "SYS:HH:MM:ss",
    singleLine: true,
  });
}
