import { pathToFileURL } from "node:url";
import { Command, CommanderError } from "commander";
import { isFutagoError } from "../base/errors.ts";

/** One function per command; a command's heavy imports belong inside its action, so that `--help` stays instant. */
const commands: readonly (() => Command)[] = [];

/**
 * The command line.
 *
 * @param args What follows `futago`.
 * @returns The exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
 */
export async function main(args: readonly string[]): Promise<number> {
  const program = new Command("futago")
    .description("A two-tower recommender in TypeScript, on Postgres")
    .version("0.1.0")
    .showHelpAfterError("(run with --help for usage and examples)")
    .exitOverride();
  for (const command of commands) program.addCommand(inherit(command()));
  try {
    await program.parseAsync([...args], { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    return report(error);
  }
}

// exitOverride is not inherited by commands that were built on their own.
function inherit(command: Command): Command {
  command.exitOverride().showHelpAfterError("(run with --help for usage and examples)");
  for (const child of command.commands) inherit(child);
  return command;
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (process.env["FUTAGO_DEBUG"]) console.error(error);
  else console.error(`error: ${oneLine(error)}`);
  if (isFutagoError(error) && error.code === "cancelled") return 130;
  return error instanceof Error && error.name === "AbortError" ? 130 : 1;
}

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const known = isFutagoError(error) || error instanceof RangeError;
  const first = message.split("\n")[0] ?? "";
  return known ? first : `${first} (set FUTAGO_DEBUG=1 to see where)`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2));
}
