import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import { buildDataset } from "../catalogue/mod.ts";
import { encodeItems, encodeUsers, fitFeatures, historiesOf, parseFeatureSchema } from "../features/mod.ts";
import { NewViewers } from "./new-viewers.ts";
import { readPreferences } from "./positives.ts";
import { resolveTrainingConfig, trainingDefaults } from "./training-config.ts";

const schema = parseFeatureSchema({
  kind: "feature-schema",
  name: "new",
  version: 1,
  item: [
    { kind: "id", name: "id" },
    { kind: "category", name: "maker", field: "maker", minCount: 1 },
  ],
  user: [
    { kind: "history", name: "history" },
    { kind: "distribution", name: "makerShare", of: "maker", declared: 5 },
    { kind: "activity", name: "activity", measures: ["likes"] },
    { kind: "category", name: "region", field: "region", minCount: 1 },
  ],
});
// Person 0 likes three of maker A, two of B, one of each of C and D; person 1 one of D.
const makers = ["A", "A", "A", "B", "B", "C", "D"];
const { dataset } = buildDataset({
  items: makers.map((maker, i) => ({ id: `v${i}`, title: "", fields: { maker } })),
  people: [
    { id: "p0", fields: { region: "north" } },
    { id: "p1", fields: {} },
  ],
  events: [
    ...makers.map((_, i) => ({ personId: "p0", itemId: `v${i}`, kind: "like" as const, at: i })),
    { personId: "p1", itemId: "v6", kind: "like", at: 1 },
  ],
});
const features = fitFeatures(schema, dataset);
const items = encodeItems(features, dataset.items);
const { positives } = readPreferences(dataset, trainingDefaults);
const newViewers = (share: number) => new NewViewers({ dataset, features, items, positives, share });
const users = Int32Array.from({ length: 600 }, (_, row) => row % 2);
const drawnBy = (share: number, seed: number, of = users) =>
  newViewers(share).draw(of, { histories: historiesOf(dataset, of), random: createRandom(seed) });

describe("NewViewers", () => {
  test("draws the asked share of rows, the same for the same seed, and none for 0", () => {
    const drawn = drawnBy(0.2, 1);
    // 600 rows, so within 4 standard deviations (0.016) of 0.2.
    expect(drawn.size / 600).toBeGreaterThan(0.135);
    expect(drawn.size / 600).toBeLessThan(0.265);
    expect([...drawnBy(0.2, 1).keys()]).toEqual([...drawn.keys()]);
    expect(drawnBy(0, 1).size).toBe(0);
  });

  test("declares what each likes most, best first, sometimes nothing, and keeps their own fields", () => {
    const lists = new Set<string>();
    for (const [row, { fields }] of drawnBy(1, 2)) {
      const taste = fields["taste"] as { maker: string[] };
      if (row % 2 === 1) expect([[], ["D"]]).toContainEqual(taste.maker);
      else {
        expect(fields["region"]).toBe("north");
        lists.add(taste.maker.join());
      }
    }
    // A 3 times, B twice, then C before D by name.
    expect([...lists].sort()).toEqual(["", "A", "A,B", "A,B,C"]);
  });

  test("each has no event or a few of their own that follow each other", () => {
    const counts = new Map<number, number>();
    for (const [row, { events }] of drawnBy(1, 3)) {
      const { offsets } = historiesOf(dataset, users);
      const [from, to] = events;
      expect(from).toBeGreaterThanOrEqual(offsets[row]!);
      expect(to).toBeLessThanOrEqual(offsets[row + 1]!);
      if (row % 2 === 0) counts.set(to - from, (counts.get(to - from) ?? 0) + 1);
      else expect(to - from).toBeLessThanOrEqual(1);
    }
    // Of 300 rows a quarter each has 0, 1 and 2 events, and an eighth 3 and 5: within 4 standard deviations (30 and 23).
    expect([...counts.keys()].sort()).toEqual([0, 1, 2, 3, 5]);
    for (const [count, rows] of counts) {
      expect(Math.abs(rows - (count < 3 ? 75 : 37.5))).toBeLessThan(count < 3 ? 30 : 23);
    }
  });

  test("dense features say what these events say", () => {
    const drawn = [...drawnBy(1, 3)].filter(([row]) => row % 2 === 0);
    const by = (count: number) =>
      drawn.find(([, { events }]) => events[1] - events[0] === count)![1].dense[0]!;
    // One like is as much as person 1 has; the logarithm rises with the count, and person 0 has seven.
    const { dense } = encodeUsers(features, historiesOf(dataset, [0, 1]), { items });
    const [seven, one] = [dense[0]!, dense[dense.length / 2]!];
    expect(by(1)).toBeCloseTo(one, 5);
    expect([by(0), by(1), by(2), by(3), by(5), seven]).toEqual(
      [by(0), by(1), by(2), by(3), by(5), seven].toSorted((a, b) => a - b),
    );
    expect(by(0)).toBeLessThan(one);
  });

  test("a share outside 0-1 is refused", () => {
    expect(() => resolveTrainingConfig({ newViewerShare: 1.1 })).toThrow(RangeError);
  });
});
