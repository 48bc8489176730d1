import { pathToFileURL } from "node:url";
import { Command, CommanderError } from "commander";
import { isFutagoError } from "../base/mod.ts";

/** A command by its name; its file, and with it the database and ONNX Runtime, is loaded only when it is asked for. */
interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

const commands: readonly CommandEntry[] = [
  {
    name: "start",
    summary: "demo data to served recommendations, each step done once",
    load: async () => (await import("./commands/start.ts")).startCommand(),
  },
  {
    name: "import",
    summary: "read a catalogue and its events from files",
    load: async () => (await import("./commands/import.ts")).importCommand(),
  },
  {
    name: "sync",
    summary: "keep the catalogue as its source has it",
    load: async () => (await import("./commands/sync.ts")).syncCommand(),
  },
  {
    name: "train",
    summary: "train a model from the database",
    load: async () => (await import("./commands/train.ts")).trainCommand(),
  },
  {
    name: "tune",
    summary: "search for settings, by validation alone",
    load: async () => (await import("./commands/tune.ts")).tuneCommand(),
  },
  {
    name: "evaluate",
    summary: "measure a model beside the baselines",
    load: async () => (await import("./commands/evaluate.ts")).evaluateCommand(),
  },
  {
    name: "embed",
    summary: "compute and store the vectors of videos and viewers",
    load: async () => (await import("./commands/embed.ts")).embedCommand(),
  },
  {
    name: "recommend",
    summary: "what a viewer will like",
    load: async () => (await import("./commands/recommend.ts")).recommendCommand(),
  },
  {
    name: "explain",
    summary: "why a viewer is recommended a video, or why not",
    load: async () => (await import("./commands/explain.ts")).explainCommand(),
  },
  {
    name: "serve",
    summary: "answer over HTTP",
    load: async () => (await import("./commands/serve.ts")).serveCommand(),
  },
  {
    name: "models",
    summary: "deploy, list, promote, roll back, verify, export, prune versions",
    load: async () => (await import("./commands/models.ts")).modelsCommand(),
  },
  {
    name: "migrate",
    summary: "bring the database to the schema of this release, and say where it differs",
    load: async () => (await import("./commands/migrate.ts")).migrateCommand(),
  },
  {
    name: "supabase",
    summary: "put the edge functions and migrations into a Supabase project",
    load: async () => (await import("./commands/supabase.ts")).supabaseCommand(),
  },
  {
    name: "users",
    summary: "hand over, erase, confirm the age of a viewer",
    load: async () => (await import("./commands/users.ts")).usersCommand(),
  },
  {
    name: "jobs",
    summary: "do, list, retry, cancel batch jobs, and schedule them",
    load: async () => (await import("./commands/jobs.ts")).jobsCommand(),
  },
  {
    name: "takedown",
    summary: "take a video or a performer out of every answer",
    load: async () => (await import("./commands/takedown.ts")).takedownCommand(),
  },
  {
    name: "doctor",
    summary: "check that everything is in order",
    load: async () => (await import("./commands/doctor.ts")).doctorCommand(),
  },
];

/**
 * The command line.
 *
 * @param args What follows `futago`.
 * @returns The exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
 */
export async function main(args: readonly string[]): Promise<number> {
  if (process.stdout.listenerCount("error") === 0) process.stdout.on("error", endWhereNobodyReads);
  try {
    const [first, second] = args;
    const asked = first === "help" ? [second ?? "", "--help"].filter((arg) => arg !== "") : [...args];
    const program = withUsage(
      new Command("futago")
        .description("A two-tower recommender in TypeScript, on Postgres")
        .version("0.1.0")
        .helpCommand("help [command]", "usage and examples of a command"),
    );
    for (const { name, summary, load } of commands) {
      program.addCommand(
        asked[0] === name ? withUsage(await load()) : new Command(name).description(summary),
      );
    }
    await program.parseAsync(asked, { from: "user" });
    return typeof process.exitCode === "number" ? process.exitCode : 0;
  } catch (error) {
    return report(error);
  }
}

// What commander sets on a program is not inherited by commands that were built on their own.
function withUsage(command: Command): Command {
  command.exitOverride().showHelpAfterError("(run with --help for usage and examples)");
  for (const child of command.commands) withUsage(child);
  return command;
}

// `futago … | head` stops reading early: that is no failure.
function endWhereNobodyReads(error: Error): void {
  if ("code" in error && error.code === "EPIPE") process.exit(0);
  throw error;
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
  const first = message.split("\n")[0] ?? "";
  // Our own messages say what to do; anything else is a fault of ours, and the stack is worth having.
  const known = isFutagoError(error) || first.startsWith("Cannot ");
  return known ? first : `${first} (set FUTAGO_DEBUG=1 to see where)`;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await main(process.argv.slice(2));
}
