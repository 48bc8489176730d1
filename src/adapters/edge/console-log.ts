import type { EngineObserver, FallbackNotice } from "../../recommend/mod.ts";
import type { RequestLog } from "../../service/mod.ts";

/** A log of an edge function, one JSON object a line. */
export interface ConsoleLog
  extends RequestLog,
    Required<Pick<EngineObserver, "failed" | "recovered" | "valuing">> {
  fallback(notice: FallbackNotice): void;
  failure(error: unknown): void;
}

/**
 * A log for a platform that keeps few lines (Supabase: 100 in 10 seconds) and counts requests itself: only what went
 * wrong is written, and what was answered by less than the active model.
 *
 * @param write Takes a line. @default console.log
 * @returns The log.
 */
export function createConsoleLog(write: (line: string) => void = console.log): ConsoleLog {
  const line = (level: "warn" | "error", message: string, facts: object): void =>
    write(JSON.stringify({ level, msg: message, ...facts }));
  return Object.freeze({
    request: (entry) => {
      if (entry.status >= 500) line("error", "request", entry);
      else if (entry.source !== undefined && entry.source !== "two_tower") line("warn", "request", entry);
    },
    fallback: (notice) => line("warn", "version could not be opened", notice),
    failed: (link, code) => line("warn", "broken", { link, code }),
    recovered: (link, code, milliseconds) => line("warn", "works again", { link, code, milliseconds }),
    valuing: (version, lacking) => {
      if (lacking.length === 0) return;
      line("warn", "similarity ranks: the version lacks heads of the value formula", { version, lacking });
    },
    failure: (error) =>
      line("error", "function could not start", {
        reason: error instanceof Error ? error.message : typeof error,
      }),
  } satisfies ConsoleLog);
}
