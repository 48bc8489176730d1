import { basename, dirname, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { openDataFolder } from "../../adapters/fs/mod.ts";
import { createRandom, FutagoError } from "../../base/mod.ts";
import {
  type CatalogueSource,
  createFeedSource,
  dmmSourceFromEnv,
  httpFile,
  parseImportMapping,
} from "../../catalogue/mod.ts";
import type { CliContext } from "../context.ts";
import type { Stores } from "../open-stores.ts";
import { readJsonFile } from "../read-json-file.ts";

/** How the DMM API is asked. */
export interface DmmOptions {
  readonly floors?: readonly string[];
  /** Requests in a second. */
  readonly rate?: number;
  readonly daily?: number;
}

/**
 * The DMM catalogue, with the credentials of the environment.
 *
 * @param context `DMM_API_ID`, `DMM_AFFILIATE_ID`; `DMM_FLOORS`, `DMM_API_URL` and `DMM_MAX_OFFSET` where they are set.
 * @param options How to ask.
 * @returns The source; nothing was asked yet.
 * @throws TypeError Without credentials.
 */
export function openDmmSource(
  { env }: CliContext,
  { database }: Stores,
  { floors, rate, daily }: DmmOptions,
): CatalogueSource {
  return dmmSourceFromEnv(env, {
    floors,
    fetch,
    clock: Date,
    random: createRandom(Date.now()),
    sleep: (ms, signal) => setTimeout(ms, undefined, signal === undefined ? {} : { signal }),
    quota: database.quotaOf("dmm"),
    limits: {
      ...(rate === undefined ? {} : { intervalMs: Math.round(1000 / rate) }),
      ...(daily === undefined ? {} : { dailyRequests: daily }),
    },
  });
}

/**
 * A feed of JSON lines.
 *
 * @param where An address or a path.
 * @param options `mapping`: path of a mapping whose `items` says what the rows mean; `name`: of the source.
 * @returns The source.
 * @throws FutagoError `source_unreadable` Where the mapping or the file is not there.
 */
export async function openFeedSource(
  where: string,
  { mapping: path, name }: { readonly mapping: string; readonly name: string },
): Promise<CatalogueSource> {
  const { items: mapping } = parseImportMapping((await readJsonFile(path, "the mapping of a feed")).json);
  if (mapping === undefined) {
    throw new FutagoError(
      "source_unreadable",
      `Cannot read a feed as the mapping "${path}" must have "items": it has none; see docs/sync.md`,
    );
  }
  const file = /^https?:/.test(where)
    ? httpFile({ name, url: where, fetch })
    : await openDataFolder(dirname(resolve(where))).find(basename(where));
  if (file === undefined) {
    throw new FutagoError("source_unreadable", `Cannot read a feed as "${where}" must be a readable file`);
  }
  return createFeedSource({ name, file, mapping });
}
