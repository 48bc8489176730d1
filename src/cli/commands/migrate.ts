import { mkdir } from "node:fs/promises";
import { Command } from "commander";
import { checkDrift, openDatabase } from "../../adapters/postgres/mod.ts";
import { action, withSharedOptions } from "../context.ts";

/**
 * `futago migrate`.
 *
 * @returns The command.
 */
export function migrateCommand(): Command {
  const command = new Command("migrate")
    .description("Bring the database to the schema of this release, and say where it differs from it")
    .option("--again", "run every file again: mends what was changed or taken away by hand")
    .option("--check", "change nothing")
    .addHelpText(
      "after",
      "\nCommands that use the database migrate it when they start; this is for a deploy that does it first.\n" +
        "Exits with 1 where the database differs from the schema afterwards.\n\n" +
        "Examples:\n  futago migrate\n  futago migrate --check --json\n  futago migrate --again --db-url postgres://localhost/futago",
    );
  return withSharedOptions(command).action(
    action<{ readonly again?: boolean; readonly check?: boolean }>(async (context, options) => {
      await mkdir(context.home, { recursive: true });
      const database = await openDatabase(context.databaseTarget, { migrate: false });
      try {
        const { again = false, check = false } = options;
        const applied = check ? [] : await database.migrate({ again });
        for (const name of applied) context.say(`applied  ${name}`);
        const drift = await checkDrift(database.connection);
        for (const { kind, object, expected, received, mend } of drift) {
          context.say(
            `DIFFERS  ${kind} ${object}: expected ${expected ?? "nothing"}, found ${received ?? "nothing"}; ${mend}`,
          );
        }
        if (drift.length === 0) context.say("The database is as this release has it");
        context.result({ ok: drift.length === 0, applied, drift });
        if (drift.length > 0) process.exitCode = 1;
      } finally {
        await database.close();
      }
    }),
  );
}
