import { Command } from "commander";
import { action, withSharedOptions } from "../context.ts";
import { wholeNumber } from "../option-values.ts";
import { serveWithBounds } from "../serving.ts";

interface Options {
  readonly port?: number;
  readonly host?: string;
  readonly quiet?: boolean;
}

/**
 * `futago serve`.
 *
 * @returns The command.
 */
export function serveCommand(): Command {
  const command = new Command("serve")
    .description("Answer over HTTP from the active model")
    .option("--port <n>", "port (default: $PORT, else 8787)", wholeNumber({ min: 0, max: 65_535 }))
    .option("--host <address>", "address (default: $HOST, else 127.0.0.1; others only with FUTAGO_API_KEY)")
    .addHelpText(
      "after",
      "\nExamples:\n  futago serve\n  PORT=9000 futago serve --db-url postgres://localhost/futago\n  FUTAGO_API_KEY=… futago serve --host 0.0.0.0",
    );
  return withSharedOptions(command).action(
    action<Options>((context, options) => serveWithBounds(context, options)),
  );
}
