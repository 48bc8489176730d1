import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { Command } from "commander";
import { openDataFolder } from "../../adapters/fs/mod.ts";
import { FutagoError } from "../../base/mod.ts";
import {
  defaultBatchRows,
  demoImport,
  type ImportPlan,
  mappedImport,
  movieLensImport,
  parseImportMapping,
  runImport,
} from "../../catalogue/mod.ts";
import { action, type CliContext, withSharedOptions } from "../context.ts";
import { describeImport } from "../describe-import.ts";
import { withStores } from "../open-stores.ts";
import { realNumber, wholeNumber } from "../option-values.ts";

interface ImportOptions {
  readonly strict?: boolean;
  readonly batchRows: number;
  readonly ageConfirmed?: boolean;
  readonly mapping: string;
  readonly minRating: number;
  readonly seed: number;
}

/**
 * `futago import movielens | csv | jsonl | demo`.
 *
 * @returns The command.
 */
export function importCommand(): Command {
  const parent = new Command("import").description(
    "Read a catalogue and its events into the database: streaming, idempotent, resumable",
  );
  const add = (usage: string, description: string, planOf: PlanOf): Command => {
    const command = withSharedOptions(parent.command(usage).description(description))
      .option("--strict", "read everything first, and change nothing where any row is bad or an orphan")
      .option(
        "--batch-rows <n>",
        "rows written in one transaction",
        wholeNumber({ min: 1 }),
        defaultBatchRows,
      );
    return command.action(
      action<ImportOptions>(async (context, options, args) =>
        run(context, options, await planOf(options, args)),
      ),
    );
  };

  add("movielens <dir>", "MovieLens-1M (.dat) or one of the newer sets (.csv)", (options, [directory]) =>
    movieLensImport(openDataFolder(directory!), {
      minRating: options.minRating,
      ageConfirmed: options.ageConfirmed ?? false,
    }),
  )
    .option(
      "--min-rating <r>",
      "ratings from here on are likes, those below count as neither",
      realNumber(),
      0,
    )
    .option("--age-confirmed", "you declare that everyone's age is confirmed; those under 18 never are");
  for (const format of ["csv", "jsonl"] as const) {
    const rows = format === "csv" ? "CSV files with a header" : "files with one JSON object on each line";
    add(`${format} [dir]`, `Your own data: ${rows}`, async (options, [directory]) => {
      const mapping = parseImportMapping(await readMapping(options.mapping));
      const folder = openDataFolder(directory ?? dirname(options.mapping));
      return mappedImport(folder, mapping, { format, ageConfirmed: options.ageConfirmed ?? false });
    })
      .requiredOption("--mapping <file>", "JSON that says which file and column hold what; see docs/data.md")
      .option(
        "--age-confirmed",
        "you declare that everyone's age is confirmed, where the mapping says nothing of it",
      )
      .addHelpText("after", "\n[dir] holds the mapping's files; by default they lie beside it.");
  }
  add("demo", "An invented catalogue of 3,200 videos and 1,000 viewers", async ({ seed }) =>
    demoImport({ seed }),
  ).option("--seed <n>", "another seed is another catalogue", wholeNumber({ min: 0 }), 1);

  return parent.addHelpText(
    "after",
    `
A bad row is reported with file, line, path, what was expected and what stood there; it never stops the rest. An event of
an unknown item or person is counted as orphaned. Killed and started again, the same command goes on where it stopped.

A line holds at most 1 MiB, a quoted CSV record at most 200 lines; longer ones are bad rows. Text is UTF-8 unless the
mapping says otherwise. Exit code: 0 imported, 1 refused by --strict or failed, 2 wrong usage.

Examples:
  futago import movielens ml-1m --age-confirmed
  futago import csv --mapping examples/own-data/csv/mapping.json --strict
  futago import jsonl /srv/export --mapping mapping.json --json
  futago import demo`,
  );
}

type PlanOf = (options: ImportOptions, args: readonly string[]) => Promise<ImportPlan>;

async function run(context: CliContext, options: ImportOptions, plan: ImportPlan): Promise<void> {
  const summary = await withStores(context, ({ database }) =>
    runImport(plan, database.catalogue, {
      strict: options.strict ?? false,
      batchRows: options.batchRows,
      progress: context.progress,
      signal: context.signal,
    }),
  );
  for (const line of describeImport(summary)) context.say(line);
  context.result(summary);
  if (!summary.imported) process.exitCode = 1;
}

async function readMapping(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    throw new FutagoError(
      "source_unreadable",
      `Cannot import as the mapping "${path}" must be a readable file`,
      {
        cause,
      },
    );
  });
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FutagoError(
      "import_rejected",
      `Cannot import as the mapping "${path}" must be JSON: ${reason}`,
      {
        cause,
      },
    );
  }
}
