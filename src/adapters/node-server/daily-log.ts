import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type DestinationStream, pino } from "pino";
import type { Clock } from "../../base/mod.ts";

/** Where a log goes, until it is closed. */
export interface LogDestination extends DestinationStream {
  /** Writes what is still in memory. */
  close(): Promise<void>;
}

/** Options of {@link openDailyLog}. */
export interface DailyLogOptions {
  /** Whose days, UTC. @default Date */
  readonly clock?: Clock;
  /** Days kept before today. @default 7 */
  readonly keepDays?: number;
}

const dayMs = 86_400_000;

/**
 * A directory of logs, a file a day: `futago-2026-11-20.log`. Those older than a week go when a new day begins. Several
 * processes may write to one directory.
 *
 * @param directory Is made where it is missing.
 * @param options Clock and days.
 * @returns The destination, for `createPinoLog`.
 */
export function openDailyLog(directory: string, options: DailyLogOptions = {}): LogDestination {
  const { clock = Date, keepDays = 7 } = options;
  mkdirSync(directory, { recursive: true });
  const fileOf = (at: number): string => `futago-${new Date(at).toISOString().slice(0, 10)}.log`;
  const prune = (): void => {
    const oldest = fileOf(clock.now() - keepDays * dayMs);
    for (const name of readdirSync(directory)) {
      // Dates are in their order as text.
      if (/^futago-\d{4}-\d\d-\d\d\.log$/.test(name) && name < oldest) {
        rmSync(join(directory, name), { force: true });
      }
    }
  };
  let file = fileOf(clock.now());
  prune();
  // A line is appended in one write: lines of several processes stay whole.
  const stream = pino.destination({ dest: join(directory, file), append: true, sync: true });
  return {
    write: (line) => {
      const today = fileOf(clock.now());
      if (today !== file) {
        file = today;
        stream.reopen(join(directory, file));
        prune();
      }
      stream.write(line);
    },
    close: async () => {
      stream.end();
    },
  };
}
