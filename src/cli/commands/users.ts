import { rm, writeFile } from "node:fs/promises";
import { Command } from "commander";
import { FutagoError } from "../../base/mod.ts";
import type { PersonExport } from "../../catalogue/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { type Stores, withStores } from "../open-stores.ts";

interface Options {
  readonly yes?: boolean;
  readonly output?: string;
  readonly revoke?: boolean;
}

type Work = (
  stores: Stores,
  asked: { readonly context: CliContext; readonly options: Options; readonly id: string },
) => Promise<void>;

/**
 * `futago users export | erase | confirm-age`.
 *
 * @returns The command.
 */
export function usersCommand(): Command {
  const users = new Command("users").description(
    "Viewers: hand over or remove all that is kept of one, confirm an age",
  );
  const add = (usage: string, description: string, run: Work): Command => {
    const command = withSharedOptions(users.command(usage).description(description));
    command.action(
      action<Options>((context, options, [id]) =>
        withStores(context, (stores) => run(stores, { context, options, id: id! })),
      ),
    );
    return command;
  };
  add("export <id>", "All that is kept of a viewer, as JSON", exportPerson).option(
    "--output <file>",
    "write it there, for its owner's eyes only, instead of printing it",
  );
  add("erase <id>", "Remove a viewer and all that is kept of them, under every version", erasePerson).option(
    "--yes",
    "do it; without, only what would be removed is said",
  );
  add(
    "confirm-age <id>",
    "Say that a viewer is of age: without it nothing is recommended",
    confirmAge,
  ).option("--revoke", "take it back");
  return users.addHelpText(
    "after",
    "\nExamples:\n  futago users export viewer-0001 --output viewer-0001.json\n  futago users erase viewer-0001 --yes\n  futago users confirm-age viewer-0001",
  );
}

const exportPerson: Work = async ({ database }, { context, options, id }) => {
  const document = known(await database.people.export(id), "export");
  if (options.output === undefined) {
    context.say(context.json ? "Exported" : JSON.stringify(document, undefined, 2));
    context.result(document);
    return;
  }
  // A file that was there would keep its mode.
  await rm(options.output, { force: true });
  await writeFile(options.output, `${JSON.stringify(document, undefined, 2)}\n`, { mode: 0o600 });
  context.say(`Written to ${options.output}: ${rowsOf(document)}`);
  context.result({ written: options.output });
};

const erasePerson: Work = async ({ database }, { context, options, id }) => {
  const document = known(await database.people.export(id), "erase");
  if (options.yes !== true) {
    throw new TypeError(
      `Cannot erase without --yes as it cannot be undone: it would remove ${rowsOf(document)}; add --yes to do it`,
    );
  }
  await database.people.erase(id);
  context.say(`Removed ${rowsOf(document)}`);
  context.result({ erased: true });
};

const confirmAge: Work = async ({ database: { catalogue } }, { context, options, id }) => {
  const person = (await catalogue.history(id, { limit: 1 }))?.person;
  if (options.revoke === true) {
    const { ageConfirmedAt: _, ...rest } = known(person, "revoke an age");
    await catalogue.putPeople([rest]);
  } else if (person?.ageConfirmedAt === undefined) {
    await catalogue.putPeople([{ id, fields: person?.fields ?? {}, ageConfirmedAt: Date.now() }]);
  }
  const confirmed = options.revoke !== true;
  context.say(confirmed ? "The age is confirmed" : "The age is no longer confirmed");
  context.result({ age_confirmed: confirmed });
};

function known<T>(found: T | undefined, what: string): T {
  if (found !== undefined) return found;
  throw new FutagoError(
    "not_found",
    `Cannot ${what} as the viewer must be known: nothing is kept of that id; check the id and --db-url`,
  );
}

function rowsOf({ tables }: PersonExport): string {
  const held = Object.entries(tables).filter(([, rows]) => rows.length > 0);
  return held.map(([table, rows]) => `${rows.length} of ${table}`).join(", ");
}
