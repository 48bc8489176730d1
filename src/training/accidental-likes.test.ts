import { describe, expect, test } from "vitest";
import { buildDataset, type CatalogueEvent } from "../catalogue/mod.ts";
import { findAccidentalLikes } from "./accidental-likes.ts";
import { readPreferences } from "./positives.ts";
import { resolveTrainingConfig, trainingDefaults } from "./training-config.ts";

const items = Array.from({ length: 40 }, (_, i) => ({ id: `i${i}`, title: `Item ${i}`, fields: {} }));
type What = Pick<CatalogueEvent, "itemId" | "kind" | "at"> & Partial<CatalogueEvent>;

function datasetOf(events: readonly What[]) {
  const people = [{ id: "p", fields: {} }];
  return buildDataset({ items, people, events: events.map((what) => ({ personId: "p", ...what })) }).dataset;
}

const likeOf = (i: number, seconds: number): What => ({ itemId: `i${i}`, kind: "like", at: seconds * 1000 });
const viewOf = (i: number, seconds: number, watchSeconds: number): What => {
  return { itemId: `i${i}`, kind: "view", at: seconds * 1000, watchSeconds, watchFraction: 0.9 };
};
/** Likes far apart, so that a handful of accidents stays below a fifth of all. */
const calm = Array.from({ length: 20 }, (_, i) => likeOf(i, 100_000 + i * 3600));

const find = (events: readonly What[], rules = {}) => {
  const dataset = datasetOf(events);
  const { events: marks, counts } = findAccidentalLikes(dataset, { ...trainingDefaults, ...rules });
  const accidental = [...dataset.events.item].filter((_, e) => marks[e] === 1).map((i) => items[i]!.id);
  return { accidental, counts };
};

describe("findAccidentalLikes", () => {
  test("a like that is taken back at once is a bounce, one that is taken back later is not", () => {
    const nope = (i: number, seconds: number): What => ({ ...likeOf(i, seconds), kind: "nope" });
    const { accidental, counts } = find([
      ...calm,
      likeOf(30, 10),
      nope(30, 13),
      likeOf(31, 50),
      nope(31, 54),
    ]);
    expect(accidental).toEqual(["i30"]);
    expect(counts).toEqual({ likes: 22, bounces: 1, bursts: 0, notApplied: [] });
  });

  test("a like of what was hardly watched is a bounce, unless a longer view makes up for it", () => {
    const { accidental } = find([
      ...calm,
      viewOf(30, 10, 2),
      likeOf(30, 12),
      viewOf(31, 20, 2),
      likeOf(31, 22),
      viewOf(31, 90, 600),
      // How long is not known.
      { itemId: "i32", kind: "view", at: 30_000, watchFraction: 0.01 },
      likeOf(32, 31),
    ]);
    expect(accidental).toEqual(["i30"]);
  });

  test("many likes within seconds are a burst, except what was watched and what shares its moment", () => {
    // Five in four seconds; of a sixth in between the viewer saw something, and two more have one moment.
    const hasty = [0, 1, 2, 3, 4].map((second) => likeOf(20 + second, 50 + second));
    const others = [viewOf(25, 10, 600), likeOf(25, 51.5), likeOf(26, 52.5), likeOf(27, 52.5)];
    const { accidental, counts } = find([...calm, ...hasty, ...others], { burstLikes: 5, burstSeconds: 4 });
    expect(accidental).toEqual(["i20", "i21", "i22", "i23", "i24"]);
    expect(counts).toEqual({ likes: 28, bounces: 0, bursts: 5, notApplied: [] });
    expect(find([...calm, ...hasty, ...others], { burstLikes: 6, burstSeconds: 4 }).accidental).toEqual([]);
    expect(find([...calm, ...hasty, ...others], { burstLikes: 5, burstSeconds: 3.9 }).accidental).toEqual([]);
  });

  test("a history without views is left as it is, however fast it was rated", () => {
    // Ratings in one sitting, as MovieLens has them: 20 in as many seconds, some at the same one.
    const ratings = Array.from({ length: 20 }, (_, i) => likeOf(i, Math.floor(i * 0.7)));
    expect(find(ratings).counts).toEqual({ likes: 20, bounces: 0, bursts: 0, notApplied: [] });
  });

  test("what more than a fifth of the likes are is how people use it, and is left alone and named", () => {
    const short = Array.from({ length: 10 }, (_, i) => [viewOf(i, i * 60, 1), likeOf(i, i * 60 + 1)]).flat();
    const { accidental, counts } = find(short);
    expect(accidental).toEqual([]);
    expect(counts).toEqual({ likes: 10, bounces: 0, bursts: 0, notApplied: ["bounces"] });
  });

  test("an accidental like counts accidentalWeight of a like, and nothing at 0", () => {
    const dataset = datasetOf([...calm, viewOf(30, 10, 2), likeOf(30, 12)]);
    const weigh = (accidentalWeight: number) => {
      const options = { accidentalWeight, viewWeight: 0, likeWeight: 2 };
      const { positives, labels } = readPreferences(dataset, resolveTrainingConfig(options));
      expect(labels.bounces).toBe(1);
      return positives.weights[positives.indices.indexOf(30)];
    };
    expect(weigh(0)).toBeUndefined();
    expect(weigh(0.25)).toBe(0.5);
  });
});
