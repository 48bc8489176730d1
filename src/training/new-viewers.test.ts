import { describe, expect, test } from "vitest";
import { createRandom } from "../base/mod.ts";
import { buildDataset } from "../catalogue/mod.ts";
import { encodeItems, fitFeatures, parseFeatureSchema } from "../features/mod.ts";
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

describe("NewViewers", () => {
  test("draws the asked share of rows, the same for the same seed, and none for 0", () => {
    const drawn = newViewers(0.2).draw(users, createRandom(1));
    // 600 rows, so within 4 standard deviations (0.016) of 0.2.
    expect(drawn.size / 600).toBeGreaterThan(0.135);
    expect(drawn.size / 600).toBeLessThan(0.265);
    expect([...newViewers(0.2).draw(users, createRandom(1)).keys()]).toEqual([...drawn.keys()]);
    expect(newViewers(0).draw(users, createRandom(1)).size).toBe(0);
  });

  test("declares what each likes most, best first, sometimes nothing, and keeps their own fields", () => {
    const lists = new Set<string>();
    for (const [row, { fields }] of newViewers(1).draw(users, createRandom(2))) {
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

  test("dense features say that nothing has been liked yet", () => {
    const { dense } = newViewers(1).draw(users, createRandom(3)).get(0)!;
    const again = newViewers(1).draw(Int32Array.of(1), createRandom(4)).get(0)!;
    // Of both people log(1 + 7) and log(1 + 1) are standardised to 1 and -1; log(1 + 0) = 0 lies below either.
    expect(dense[0]).toBeLessThan(-1);
    expect(again.dense).toEqual(dense);
  });

  test("a share outside 0-1 is refused", () => {
    expect(() => resolveTrainingConfig({ newViewerShare: 1.1 })).toThrow(RangeError);
  });
});
