import { resolve } from "node:path";
import type { Command } from "commander";
import type { Progress } from "../base/mod.ts";
import { createTerminalProgress } from "./terminal-progress.ts";

/** Where the database is: a server by URL, or an embedded one in a directory. */
export type DatabaseTarget = { readonly url: string } | { readonly directory: string };

/** What every command is handed: the environment, read once. */
export interface CliContext {
  /** Whether a program reads the output: results as JSON on stdout, everything for people on stderr. */
  readonly json: boolean;
  /** Absolute path of the directory that holds models and the embedded database. */
  readonly home: string;
  readonly databaseTarget: DatabaseTarget;
  /** Where models are served from: `supabase`, `s3`, a directory, or undefined for `home`. */
  readonly models: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted at Ctrl-C or SIGTERM; a second Ctrl-C ends the process at once. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** A line for a person. */
  say(line: string): void;
  /** What a program reads: with `--json` one line of JSON on stdout, otherwise nothing. */
  result(value: unknown): void;
}

interface SharedOptions {
  readonly dbUrl?: string;
  readonly home?: string;
  readonly models?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/**
 * Adds the options every command has: `--db-url`, `--home`, `--models`, `--json`, `--quiet`.
 *
 * @param command Is changed in place.
 * @returns The same command.
 */
export function withSharedOptions(command: Command): Command {
  return command
    .option("--db-url <url>", "Postgres to use (default: $DATABASE_URL, else an embedded database)")
    .option("--home <directory>", "models and the embedded database (default: $FUTAGO_HOME, else .futago)")
    .option(
      "--models <where>",
      "models in supabase, s3 or a directory (default: $FUTAGO_MODELS, else --home)",
    )
    .option("--json", "print the result as one line of JSON, everything else to stderr")
    .option("--quiet", "no progress");
}

/**
 * Wraps what a command does for commander's `.action()`.
 *
 * @param run Gets the context, the options commander parsed, and the positional arguments.
 * @returns A handler for `.action()`.
 *
 * @example
 * ```ts
 * new Command("embed").option("--batch-size <n>").action(action<{ batchSize?: string }>(async (context, options) => {
 *   context.say(`In batches of ${options.batchSize ?? 512}`);
 * }));
 * ```
 */
export function action<Options>(
  run: (context: CliContext, options: Options, args: readonly string[]) => Promise<void>,
): (...values: unknown[]) => Promise<void> {
  return async (...values) => {
    const command = values.at(-1) as Command;
    // optsWithGlobals, so that `futago --json models list` and `futago models list --json` mean the same.
    const options = command.optsWithGlobals() as SharedOptions;
    const interrupt = createInterrupt();
    try {
      await run(createContext(options, interrupt.signal), options as Options, command.args);
    } finally {
      interrupt.close();
    }
  };
}

/**
 * The context of one run.
 *
 * @param options As `withSharedOptions` declares them.
 * @param signal Aborted when the run should stop.
 * @returns The context; `home` is absolute.
 */
export function createContext(options: SharedOptions, signal: AbortSignal): CliContext {
  const env = process.env;
  const home = resolve(options.home ?? env["FUTAGO_HOME"] ?? ".futago");
  const url = options.dbUrl ?? env["DATABASE_URL"];
  const json = options.json ?? false;
  return Object.freeze({
    json,
    home,
    databaseTarget: url === undefined || url === "" ? { directory: resolve(home, "database") } : { url },
    models: options.models ?? (env["FUTAGO_MODELS"] || undefined),
    env,
    signal,
    progress: createTerminalProgress(process.stderr, { quiet: options.quiet ?? false }),
    say: (line: string) => {
      (json ? process.stderr : process.stdout).write(`${line}\n`);
    },
    result: (value: unknown) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
  });
}

function createInterrupt(): { signal: AbortSignal; close(): void } {
  const controller = new AbortController();
  let asked = false;
  const stop = (): void => {
    if (asked) process.exit(130);
    asked = true;
    controller.abort();
    process.stderr.write("\nStopping; what is done is kept. Ctrl-C again to stop at once.\n");
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    signal: controller.signal,
    close: () => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}
