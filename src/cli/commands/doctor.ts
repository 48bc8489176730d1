import { Command } from "commander";
import { createFileBlobStore } from "../../adapters/blob-fs/mod.ts";
import { action, withSharedOptions } from "../context.ts";
import { examine } from "../doctor/examine.ts";
import { openModelStore } from "../open-model-store.ts";

/**
 * `futago doctor`.
 *
 * @returns The command.
 */
export function doctorCommand(): Command {
  const command = new Command("doctor")
    .description(
      "Check that everything is in order, and name what is not: Node, ONNX Runtime, home, keys, database, schema, models, vectors",
    )
    .option(
      "--fix",
      "mend what is safe: run migrations, build indexes, embed what is missing, drop what nobody uses",
    )
    .addHelpText(
      "after",
      "\nExits with 1 while something is wrong.\n\nExamples:\n  futago doctor\n  futago doctor --fix\n  futago doctor --db-url postgres://localhost/futago --json",
    );
  return withSharedOptions(command).action(
    action<{ readonly fix?: boolean }>(async (context, { fix = false }) => {
      const checks = await examine({
        context,
        fix,
        openModels: () =>
          context.models === undefined
            ? createFileBlobStore(context.home)
            : openModelStore(context.models, context.env),
        told: ({ name, ok, says, advice, mended }) => {
          context.say(`${ok ? "ok   " : "WRONG"}  ${name}: ${says}`);
          if (mended !== undefined) context.say(`         mended: ${mended}`);
          if (advice !== undefined) context.say(`         ${advice}`);
        },
      });
      const ok = checks.every((check) => check.ok);
      context.result({ ok, checks });
      if (!ok) process.exitCode = 1;
    }),
  );
}
