import { Command, InvalidArgumentError, Option } from "commander";
import { FutagoError } from "../../base/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { type Stores, withStores } from "../open-stores.ts";
import { realNumber, wholeNumber, wordList } from "../option-values.ts";
import { openDmmSource, openFeedSource } from "../sync/open-sources.ts";
import { refetch } from "../sync/refetch.ts";
import { runSync } from "../sync/run-sync.ts";
import { tableOf } from "../table.ts";

/**
 * `futago sync dmm | feed | status | deny | failures`.
 *
 * @returns The command.
 */
export function syncCommand(): Command {
  const sync = new Command("sync").description(
    "Keep the catalogue as its source has it: fetch what is new and changed, embed it, withdraw what is gone",
  );
  withSync(sync.command("dmm"), "From the DMM Affiliate API; needs DMM_API_ID and DMM_AFFILIATE_ID")
    .option("--floors <names>", "site/service/floor, comma-separated (default: $DMM_FLOORS)", wordList)
    .option("--rate <n>", "requests a second, at most (default: 1)", realNumber({ min: 0.01, max: 1000 }))
    .option("--daily <n>", "requests a day, at most (default: 3000)", wholeNumber({ min: 1 }))
    .addOption(
      new Option("--cid <ids>", "these items alone, comma-separated: dmm:FANZA:digital:videoa:abc00123")
        .argParser(wordList)
        .conflicts(["full", "incremental", "from", "allowWithdrawals"]),
    )
    .action(
      action<SyncOptions>((context, options) =>
        withStores(context, (stores) => {
          const source = openDmmSource(context, stores, options);
          const { cid, embed } = options;
          if (cid !== undefined) return refetch(cid, { source, context, stores, embed });
          return runSync(source, { context, stores, ...askedOf(options) });
        }),
      ),
    );
  withSync(sync.command("feed <where>"), "From a file of JSON lines, at an address or here")
    .requiredOption("--mapping <file>", 'JSON whose "items" says which member holds what; see docs/sync.md')
    .option("--name <name>", "of the source; stands before every id", "feed")
    .action(
      action<SyncOptions & { readonly mapping: string; readonly name: string }>((context, options, [where]) =>
        withStores(context, async (stores) =>
          runSync(await openFeedSource(where!, options), { context, stores, ...askedOf(options) }),
        ),
      ),
    );
  add(sync, "status", "How far each source is", showStatus);
  add(sync, "deny <id>", "Take an item down for good: no sync and no import stores it again", deny)
    .option("--reason <text>", "why, for whoever asks later", "")
    .option("--undo", "let it be stored again; it stays withdrawn until futago takedown video --undo");
  add(sync, "denied", "Every item that may not be stored", showDenied);
  const failures = sync.command("failures").description("Items that could not be read, stored or embedded");
  add(failures, "list", "Each with its reason", showFailures).option(
    "--dead",
    "only those that were given up",
  );
  add(failures, "retry [ids...]", "Try those again that were given up, all where none is named", retry);
  return sync.addHelpText(
    "after",
    `
Interrupted or killed, the same command goes on where it was. Exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped.

Examples:
  futago sync dmm --floors FANZA/digital/videoa,FANZA/digital/anime
  futago sync dmm --full --rate 0.5
  futago sync dmm --cid dmm:FANZA:digital:videoa:abc00123
  futago sync feed https://shop.example/items.jsonl --mapping mapping.json --name shop
  futago sync status --json
  futago sync deny dmm:FANZA:digital:videoa:abc00123 --reason "notice of 20 November"
  futago sync failures list --dead`,
  );
}

interface SyncOptions {
  readonly full?: boolean;
  readonly incremental?: boolean;
  readonly from?: number;
  readonly embed: boolean;
  readonly allowWithdrawals?: boolean;
  readonly floors?: readonly string[];
  readonly rate?: number;
  readonly daily?: number;
  readonly cid?: readonly string[];
}

interface Options {
  readonly reason?: string;
  readonly undo?: boolean;
  readonly dead?: boolean;
}

type Work = (
  stores: Stores,
  asked: { readonly context: CliContext; readonly options: Options; readonly args: readonly string[] },
) => Promise<void>;

function withSync(command: Command, description: string): Command {
  return withSharedOptions(command.description(description))
    .option("--full", "read everything, and withdraw what two full syncs have missed")
    .addOption(
      new Option(
        "--incremental",
        "read the last 45 days and what is announced (default, once a full sync ended)",
      ).conflicts("full"),
    )
    .option("--from <date>", "only what is dated from then on: 2026-01-31", moment)
    .option("--allow-withdrawals", "withdraw what is gone even where it is more than a fifth of all")
    .option("--no-embed", "make no vectors; futago embed does it later");
}

function askedOf({ full, incremental, from, embed, allowWithdrawals = false }: SyncOptions) {
  return {
    mode: full ? "full" : incremental ? "incremental" : "auto",
    from,
    embed,
    allowWithdrawals,
  } as const;
}

function moment(text: string): number {
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new InvalidArgumentError("It must be a date such as 2026-01-31.");
  return at;
}

function add(parent: Command, usage: string, description: string, work: Work): Command {
  const command = withSharedOptions(parent.command(usage).description(description));
  return command.action(
    action<Options>((context, options, args) =>
      withStores(context, (stores) => work(stores, { context, options, args })),
    ),
  );
}

const showStatus: Work = async ({ database }, { context }) => {
  const sources = await database.sync.status();
  if (sources.length === 0) context.say("Nothing was synced yet");
  for (const { source, items, missing, failing, dead, cursors } of sources) {
    context.say(`${source}: ${items} items, ${missing} gone, ${failing} failing, ${dead} given up`);
    for (const { mode, pages, rows, pending } of cursors) {
      context.say(`  ${mode} under way: ${rows} rows in ${pages} pages, ${pending.length} windows left`);
    }
  }
  context.result({ sources });
};

const deny: Work = async ({ database }, { context, options, args: [id] }) => {
  const { undo = false, reason = "" } = options;
  if (!undo) await database.sync.deny(id!, reason);
  else if (!(await database.sync.allow(id!))) {
    throw new FutagoError("not_found", "Cannot undo what must have been denied: see futago sync denied");
  }
  context.say(undo ? "May be stored again" : "Taken down for good: the next answer is without it");
  context.result({ denied: !undo });
};

const showDenied: Work = async ({ database }, { context }) => {
  const denials = await database.sync.denials();
  const rows = denials.map(({ id, reason, deniedAt }) => [id, new Date(deniedAt).toISOString(), reason]);
  for (const line of tableOf([["id", "since", "reason"], ...rows])) context.say(line);
  context.result({ denials });
};

const showFailures: Work = async ({ database }, { context, options: { dead } }) => {
  const failures = await database.sync.failures(dead ? { dead } : {});
  const rows = failures.map(({ id, stage, attempts, dead: over, reason }) => [
    id,
    stage,
    attempts,
    over ? "given up" : "to be tried",
    reason,
  ]);
  for (const line of tableOf([["id", "stage", "attempts", "state", "reason"], ...rows])) context.say(line);
  context.result({ failures });
};

const retry: Work = async ({ database }, { context, args }) => {
  const retried = await database.sync.retry(args.length === 0 ? undefined : args);
  context.say(`${retried} will be tried again by the next sync`);
  context.result({ retried });
};
