import { Command } from "commander";
import { FutagoError } from "../../base/mod.ts";
import type { CatalogueStore } from "../../catalogue/mod.ts";
import { action, withSharedOptions } from "../context.ts";
import { withStores } from "../open-stores.ts";

/**
 * `futago takedown video | performer`.
 *
 * @returns The command.
 */
export function takedownCommand(): Command {
  const takedown = new Command("takedown").description(
    "Take a video, or all videos of a performer, out of every answer from the next one on",
  );
  const add = (
    usage: string,
    description: string,
    withdraw: (catalogue: CatalogueStore) => (name: string, withdrawn: boolean) => Promise<boolean>,
  ): void => {
    const command = withSharedOptions(takedown.command(usage).description(description));
    command.option("--undo", "put it back").action(
      action<{ readonly undo?: boolean }>((context, { undo = false }, [name]) =>
        withStores(context, async ({ database: { catalogue } }) => {
          if (!(await withdraw(catalogue)(name!, !undo))) {
            throw new FutagoError(
              "not_found",
              `Cannot take down what the catalogue must hold: there is no such ${command.name()}; check the spelling and --db-url`,
            );
          }
          context.say(undo ? "Put back" : "Taken down: the next answer is without it");
          context.result({ withdrawn: !undo });
        }),
      ),
    );
  };
  add("video <id>", "One video", (catalogue) => (id, withdrawn) => catalogue.setWithdrawn(id, withdrawn));
  add(
    "performer <name>",
    "Every video of a performer, those imported later too",
    (catalogue) => (name, withdrawn) => catalogue.setPerformerWithdrawn(name, withdrawn),
  );
  return takedown.addHelpText(
    "after",
    '\nExamples:\n  futago takedown video video-00042\n  futago takedown performer "Mori Aoi"\n  futago takedown video video-00042 --undo',
  );
}
