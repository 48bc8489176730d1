import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openDataFolder } from "../../adapters/fs/mod.ts";
import { datasetFromStore } from "../dataset-from-store.ts";
import { createMemoryCatalogue } from "../memory-store.ts";
import { memoryFolder } from "./data-folder.ts";
import { movieLensImport } from "./movielens-import.ts";
import { readMovieLens } from "./read-movielens.ts";
import { runImport } from "./run-import.ts";

const dat = {
  "movies.dat": Uint8Array.from("1::Am\u00e9lie (2001)::Comedy|Romance\n2::No year::Drama\n", (c) =>
    c.charCodeAt(0),
  ),
  "users.dat": "1::F::1::10::48067\n2::M::25::16::70072\n",
  "ratings.dat": "1::2::5::978300760\n1::1::3::978300760\n2::1::2::978300761\n",
};
const csv = {
  "movies.csv":
    'movieId,title,genres\n1,"American President, The (1995)",Comedy|Drama\n2,Untitled,(no genres listed)\n',
  "ratings.csv": "userId,movieId,rating,timestamp\n7,1,4.5,978300760\n7,2,0.5,978300761\n",
};

describe("MovieLens", () => {
  test("-1M is read in its encoding; whoever is under 18 is never age-confirmed", async () => {
    const store = createMemoryCatalogue();
    const summary = await runImport(await movieLensImport(memoryFolder(dat), { ageConfirmed: true }), store);
    expect(summary.counts).toEqual({ inserted: 7, updated: 0, unchanged: 0, orphaned: 0 });
    const young = await store.history("1", { limit: 10 });
    expect(young?.person).toEqual({ id: "1", fields: { sex: "F", age: "under 18", occupation: "10" } });
    expect(young?.items.get("1")).toEqual({
      id: "1",
      title: "Amélie (2001)",
      fields: { genres: ["Comedy", "Romance"], year: 2001 },
      releasedAt: Date.UTC(2001, 0, 1),
    });
    expect((await store.history("2", { limit: 1 }))?.person.ageConfirmedAt).toBeDefined();
    const undeclared = createMemoryCatalogue();
    await runImport(await movieLensImport(memoryFolder(dat)), undeclared);
    expect((await undeclared.history("2", { limit: 1 }))?.person.ageConfirmedAt).toBeUndefined();
  });

  test("as CSV has no users: they are made from the ratings", async () => {
    const store = createMemoryCatalogue();
    const plan = await movieLensImport(memoryFolder(csv), { minRating: 4 });
    expect(await runImport(plan, store)).toMatchObject({ neutral: 1, counts: { inserted: 4, orphaned: 0 } });
    const dataset = await datasetFromStore(store);
    expect(dataset.items.map(({ title }) => title)).toEqual(["American President, The (1995)", "Untitled"]);
    expect(dataset.events.item).toEqual(Int32Array.of(0));
  });

  test("directly as a dataset keeps the order of the file where the second is the same", async () => {
    const dataset = await readMovieLens(memoryFolder(dat));
    expect([...dataset.events.item]).toEqual([1, 0, 0]);
    expect([...dataset.offsets]).toEqual([0, 2, 3]);
    const liked = await readMovieLens(memoryFolder(dat), { minRating: 3 });
    expect(liked.events.item.length).toBe(2);
    const frequent = await readMovieLens(memoryFolder(dat), { minItemEvents: 2 });
    expect(frequent.items.map(({ id }) => id)).toEqual(["1"]);
    expect(frequent.people.length).toBe(2);
    expect((await readMovieLens(memoryFolder(csv))).people.map(({ id }) => id)).toEqual(["7"]);
  });

  test("a bad row is an issue for an import and an error for a dataset", async () => {
    const bad = { ...dat, "ratings.dat": `${dat["ratings.dat"]}1::x::5::1\n1::2::6::1\n1::2\n1::9::5::1\n` };
    const summary = await runImport(await movieLensImport(memoryFolder(bad)), createMemoryCatalogue());
    expect(summary.issues.first.map(({ line, path }) => [line, path])).toEqual([
      [4, "movieId"],
      [5, "rating"],
      [6, ""],
    ]);
    expect(summary.counts.orphaned).toBe(1);
    await expect(readMovieLens(memoryFolder(bad))).rejects.toThrow(
      "there are 3 bad rows, the first in ratings.dat line 4",
    );
    await expect(readMovieLens(memoryFolder({}))).rejects.toMatchObject({ code: "source_unreadable" });
  });

  const folder = "../shared/data/ml-1m";
  test.skipIf(!existsSync(folder))("-1M has the published size", async () => {
    const dataset = await readMovieLens(openDataFolder(folder), { minItemEvents: 5 });
    expect([dataset.items.length, dataset.people.length, dataset.events.item.length]).toEqual([
      3416, 6040, 999_611,
    ]);
  });
});
