import { type Command, Option } from "commander";
import { openDataFolder } from "../../adapters/fs/mod.ts";
import { type CatalogueStore, type Dataset, datasetFromStore, readMovieLens } from "../../catalogue/mod.ts";
import {
  keepActivePeople,
  type ProtocolName,
  protocolNames,
  readViewerOrder,
  type SplitByOptions,
} from "../../evaluation/mod.ts";
import { realNumber, wholeNumber } from "../option-values.ts";
import { readText } from "../text-files.ts";

/** Which data, and how it is divided: what commander parsed. */
export interface DataOptions {
  readonly movielens?: string;
  readonly protocol: ProtocolName;
  readonly order?: string;
  readonly minRating?: number;
  readonly minItemEvents?: number;
  readonly minUserEvents: number;
  readonly testShare?: number;
}

/**
 * Adds the options of {@link DataOptions}.
 *
 * @param command Is changed in place.
 * @returns The same command.
 */
export function withDataOptions(command: Command): Command {
  return command
    .option("--movielens <directory>", "MovieLens files, without a database (default: the database)")
    .addOption(
      new Option("--protocol <name>", "how the data is divided").choices(protocolNames).default("strong"),
    )
    .option("--order <file>", "last: csv of user_id,movie_id,position instead of the order of time")
    .option(
      "--min-rating <x>",
      "MovieLens: ratings from here on are likes (default: all)",
      realNumber({ min: 0, max: 5 }),
    )
    .option(
      "--min-item-events <n>",
      "leave out items with fewer likes (default: 5 with --movielens, else 0)",
      wholeNumber({ min: 0 }),
    )
    .option(
      "--min-user-events <n>",
      "leave out people with fewer likes, after items were left out",
      wholeNumber({ min: 0 }),
      0,
    )
    .option(
      "--test-share <x>",
      "share of viewers, likes, time or items that is held out for the test, and again for validation; not for last (default: 0.1)",
      realNumber({ min: 0.01, max: 0.45 }),
    );
}

/**
 * Reads the data that is divided.
 *
 * @param options Which data.
 * @param withCatalogue Lends the database's catalogue, where that is asked for.
 * @returns The dataset.
 * @throws RangeError When an option does not go with the data.
 */
export async function readData(
  options: DataOptions,
  withCatalogue: (read: (catalogue: CatalogueStore) => Promise<Dataset>) => Promise<Dataset>,
): Promise<Dataset> {
  const { movielens, minItemEvents = movielens === undefined ? 0 : 5, minRating, minUserEvents } = options;
  if (movielens !== undefined) {
    const rating = minRating === undefined ? {} : { minRating };
    const dataset = await readMovieLens(openDataFolder(movielens), { minItemEvents, ...rating });
    return keepActivePeople(dataset, minUserEvents);
  }
  if (minRating !== undefined) {
    throw new RangeError("Cannot use --min-rating as ratings are read with --movielens alone: leave it out");
  }
  return withCatalogue(async (catalogue) =>
    keepActivePeople(await datasetFromStore(catalogue, { minItemEvents }), minUserEvents),
  );
}

/**
 * What of the options goes to the division, but for the seed.
 *
 * @param options As parsed.
 * @returns Options of `splitBy`.
 */
export async function splitOptions({ order: file, testShare }: DataOptions): Promise<SplitByOptions> {
  const order = file === undefined ? undefined : readViewerOrder(await readText(file));
  return { ...(order === undefined ? {} : { order }), ...(testShare === undefined ? {} : { testShare }) };
}
