import { Command } from "commander";
import { action, withSharedOptions } from "../context.ts";
import { withStores } from "../open-stores.ts";
import { wholeNumber } from "../option-values.ts";
import { serveUntilAborted } from "../serving.ts";
import { importDemo } from "../start/import-demo.ts";
import { makeFirstModel } from "../start/make-first-model.ts";
import { showViewer } from "../start/show-viewer.ts";

interface Options {
  readonly port?: number;
  readonly host?: string;
}

/**
 * `futago start`, which `npm start` runs.
 *
 * @returns The command.
 */
export function startCommand(): Command {
  const command = new Command("start")
    .description(
      "From nothing to served recommendations: demo data (where the database is empty), a lite model measured beside the baselines, vectors, a server. What is done already is not done again",
    )
    .option("--port <n>", "port (default: $PORT, else 8787)", wholeNumber({ min: 0, max: 65_535 }))
    .option(
      "--host <address>",
      "address (default: $HOST, else 127.0.0.1; others only where callers are known)",
    )
    .addHelpText("after", "\nExamples:\n  futago start\n  FUTAGO_HOME=/tmp/futago PORT=9000 npm start");
  return withSharedOptions(command).action(
    action<Options>((context, options) =>
      withStores(context, async (stores) => {
        const { catalogue: store, versions } = stores.database;
        if ((await versions.active()) === undefined) {
          await importDemo(context, store);
          await makeFirstModel(context, stores);
        }
        await serveUntilAborted({
          context,
          stores,
          // The log is for servers; here a person watches.
          options: { ...options, quiet: true },
          listening: (url, engine) => showViewer(context, { store, engine, url }),
        });
      }),
    ),
  );
}
