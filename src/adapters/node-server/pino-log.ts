import { type DestinationStream, pino } from "pino";
import type { ChainLink, FallbackNotice } from "../../recommend/mod.ts";
import type { RequestLog } from "../../service/mod.ts";

/** Options of {@link createPinoLog}. */
export interface PinoLogOptions {
  /** `silent` writes nothing. @default "info" */
  readonly level?: "debug" | "info" | "warn" | "error" | "silent";
  /** @default stderr, so that stdout stays for results */
  readonly destination?: DestinationStream;
}

/** A log of requests and of what the server does, one JSON object a line. */
export interface ServerLog extends RequestLog {
  fallback(notice: FallbackNotice): void;
  /** A link of the chain broke. */
  failed(link: ChainLink, code: string): void;
  /** It works again. */
  recovered(link: ChainLink, code: string, milliseconds: number): void;
  /** A version is ranked by the value formula, or not as it lacks heads. */
  valuing(version: string, lacking: readonly string[]): void;
  note(message: string): void;
}

/**
 * A log in pino's JSON lines.
 *
 * @param options Level and destination.
 * @returns The log.
 */
export function createPinoLog(options: PinoLogOptions = {}): ServerLog {
  const logger = pino(
    { level: options.level ?? "info", base: null },
    options.destination ?? pino.destination({ dest: 2, sync: false }),
  );
  return Object.freeze({
    request: (entry) => {
      if (entry.status >= 500) logger.error(entry, "request");
      else logger.info(entry, "request");
    },
    fallback: (notice) => logger.warn(notice, "version could not be opened"),
    failed: (link, code) => logger.warn({ link, code }, "broken: the next link answers"),
    recovered: (link, code, milliseconds) => logger.info({ link, code, milliseconds }, "works again"),
    valuing: (version, lacking) => {
      if (lacking.length === 0) logger.info({ version }, "the value formula ranks");
      else
        logger.warn({ version, lacking }, "similarity ranks: the version lacks heads of the value formula");
    },
    note: (message) => logger.info(message),
  } satisfies ServerLog);
}
