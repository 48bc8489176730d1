import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DmmFacts, startFakeDmm } from "../tests/fake-dmm/mod.ts";
import type { Benchmark } from "./benchmark.ts";
import { compareWithServer, contentOf, vectorDistance, writtenBy } from "./compare-catalogues.ts";
import { searchDump, searchFiles, searchTables, searchText, writtenForms } from "./search-secrets.ts";
import { type CalmSync, openSyncWorld, type SyncWorld } from "./sync-processes.ts";

/** What `npm run bench` says of it. */
export const about =
  "proves futago sync dmm, calmly and under faults and kill -9: the end, requests, secrets (--items N --kill-every-ms N)";

/**
 * Syncs a catalogue into two databases with the real command line, into the one calmly, into the other while what may fail
 * does and the process is killed; then again, with one item in a hundred changed. Needs DATABASE_URL; the databases are
 * dropped at the end. The exit code is 1 where something does not hold.
 */
export const run: Benchmark = async ({ args, log }) => {
  const { DATABASE_URL: serverUrl } = process.env;
  if (serverUrl === undefined) throw new Error("Cannot prove a sync as DATABASE_URL must name a Postgres");
  const number = (name: string, fallback: number): number => {
    const at = args.indexOf(name);
    return at < 0 ? fallback : Number(args[at + 1]);
  };
  const items = number("--items", 30_000);
  const killEveryMs = number("--kill-every-ms", 3000);
  const home = await mkdtemp(join(tmpdir(), "futago-sync-proof-"));
  const fake = await startFakeDmm({ items, seed: 21 });
  const world = (name: string): Promise<SyncWorld> =>
    openSyncWorld(`futago_proof_${name}_${process.pid}`, { serverUrl, home, fake });
  const worlds: SyncWorld[] = [];
  const broken: string[] = [];
  const check = (name: string, holds: boolean): void => {
    if (!holds) broken.push(name);
    log(`${holds ? "holds" : "DOES NOT HOLD"}: ${name}`);
  };
  const compared = async ({ database, version }: SyncWorld, when: string) => {
    const difference = await compareWithServer(database, { fake, version });
    const equal = Object.values(difference).every((n) => n === 0);
    check(
      `${when} the catalogue is the server's, field by field, each item with the vector of its content`,
      equal,
    );
    return difference;
  };
  try {
    worlds.push(await world("calm"), await world("faulty"));
    const [calm, faulty] = worlds as [SyncWorld, SyncWorld];
    const before = withMalformed(fake.listing.all());
    const after = before
      .filter((facts, n) => n % 100 === 7 && facts.malformed === undefined)
      .map((facts) => ({ ...facts, title: `${facts.title} (new cut)` }));

    fake.listing.put(before);
    const first = await calm.sync();
    const fewest = fake.floors
      .map((floor) => before.filter((facts) => facts.floor === floor).length)
      .reduce((sum, rows) => sum + Math.ceil(rows / 100), 0);
    check("a sync asks at most 1.2 times the fewest requests there could be", first.requests <= 1.2 * fewest);
    const firstDifference = await compared(calm, "after a sync");

    fake.listing.put(after);
    const wrote = await writtenBy(calm.database);
    const second = await calm.sync(["--full"]);
    const secondDifference = await compared(calm, "after a second sync");
    const writes = await writtenBy(calm.database);
    const rewritten = [...writes].filter(([id, by]) => wrote.get(id) !== by).map(([id]) => id);
    const changed = new Set(
      after.map(({ floor, contentId }) => `dmm:${floor.replaceAll("/", ":")}:${contentId}`),
    );
    check(
      "a second sync embeds exactly what has changed",
      second.summary.embedded === changed.size &&
        rewritten.length === changed.size &&
        rewritten.every((id) => changed.has(id)),
    );

    fake.listing.put(before);
    const shares = { serverErrors: 0.05, resets: 0.03, cuts: 0.01, tooMany: 0.01, hidden: 0.01, slow: 0.05 };
    Object.assign(fake.faults, shares, { slowMs: 300 });
    const trouble = { killEveryMs, quota: Math.ceil(fewest / 2), log };
    const third = await faulty.syncThrough([], trouble);
    const thirdDifference = await compared(faulty, "after a sync under faults");
    fake.listing.put(after);
    const fourth = await faulty.syncThrough(["--full"], trouble);
    const fourthDifference = await compared(faulty, "after a second sync under faults");
    check("the quota was used up in the middle of it", third.exhausted > 0 && fourth.exhausted > 0);
    check("it was killed in the middle of it", third.killed > 0 && fourth.killed > 0);

    const [content, other] = [await contentOf(calm.database), await contentOf(faulty.database)];
    const unlike = Object.keys(content).filter((table) => content[table]!.hash !== other[table]!.hash);
    check(["the tables of both databases hold the same", ...unlike].join(", not "), unlike.length === 0);
    const distance = await vectorDistance(calm.database, faulty.database);
    // One unit in the last place of a half below 1: a batch of another size may sum in another order.
    check("the vectors of both databases are the same", distance <= 2 ** -11);

    const secrets = writtenForms(Object.values(fake.credentials));
    const searched = await searchEverywhere(worlds, { home, texts: secrets });
    check("no credential is in what was said, in a file, a table or a dump", total(searched) === 0);
    const control = await searchEverywhere(worlds, { home, texts: [after[0]!.title] });
    check(
      "the same search finds a title in the tables and the dumps",
      control.tables.found > 0 && control.dumps?.found !== 0,
    );

    process.exitCode = broken.length === 0 ? 0 : 1;
    return {
      holds: broken.length === 0,
      broken,
      items,
      floors: fake.floors.length,
      malformed: before.filter(({ malformed }) => malformed !== undefined).length,
      first: {
        ...figures(first),
        fewest,
        ofTheFewest: hundredths(first.requests / fewest),
        ...firstDifference,
      },
      second: {
        ...figures(second),
        changed: changed.size,
        vectorsWritten: rewritten.length,
        ...secondDifference,
      },
      faults: { ...shares, killEveryMs, quota: trouble.quota },
      firstUnderFaults: { ...third, ...thirdDifference },
      secondUnderFaults: { ...fourth, ...fourthDifference },
      tables: Object.fromEntries(Object.entries(content).map(([table, { rows }]) => [table, rows])),
      largestVectorDifference: distance,
      secrets: searched,
    };
  } finally {
    for (const each of worlds) await each.drop();
    await fake.close();
    await rm(home, { recursive: true, force: true });
  }
};

/** One item in a hundred, written wrongly in each of the ways there are. */
function withMalformed(all: readonly DmmFacts[]): readonly DmmFacts[] {
  const ways = ["title", "id", "price", "genres", "date", "all"] as const;
  return all.map((facts, n) =>
    n % 100 === 3 ? { ...facts, malformed: ways[((n - 3) / 100) % ways.length]! } : facts,
  );
}

async function searchEverywhere(
  worlds: readonly SyncWorld[],
  { home, texts }: { readonly home: string; readonly texts: readonly string[] },
) {
  const said = searchText(texts);
  for (const world of worlds) said.add(world.said());
  const dumps = await Promise.all(worlds.map(({ url }) => searchDump(url, texts)));
  const tables = await Promise.all(worlds.map(({ database }) => searchTables(database, texts)));
  return {
    said: said.result(),
    files: await searchFiles(home, texts),
    tables: summed(tables),
    // Where the machine has no pg_dump there is nothing to search.
    dumps: dumps.every((dump) => dump !== undefined) ? summed(dumps) : undefined,
  };
}

function summed(parts: readonly { readonly found: number; readonly looked: number }[]) {
  return {
    found: parts.reduce((sum, { found }) => sum + found, 0),
    looked: parts.reduce((sum, { looked }) => sum + looked, 0),
  };
}

function total(searched: Awaited<ReturnType<typeof searchEverywhere>>): number {
  return summed(Object.values(searched).filter((part) => part !== undefined)).found;
}

function figures({ summary, requests, seconds }: CalmSync) {
  const { rows, inserted, updated, unchanged, embedded, failed, unread } = summary;
  return { seconds, requests, rows, inserted, updated, unchanged, embedded, failed, unread };
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
