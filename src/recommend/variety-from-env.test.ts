import { expect, test } from "vitest";
import { explorationFromEnv, varietyFromEnv } from "./variety-from-env.ts";

test("reads what is set, and nothing where nothing is", () => {
  expect(varietyFromEnv({})).toEqual({});
  expect(varietyFromEnv({ FUTAGO_DIVERSITY: "", FUTAGO_MAX_PER_MAKER: "" })).toEqual({});
  const both = { FUTAGO_DIVERSITY: "0", FUTAGO_DIVERSITY_METHOD: "dpp" };
  expect(varietyFromEnv(both)).toEqual({ diversity: 0, method: "dpp" });
  expect(varietyFromEnv({ FUTAGO_DIVERSITY: "0.3", FUTAGO_MAX_PER_PERFORMER: "1" })).toEqual({
    diversity: 0.3,
    caps: { performers: 1 },
  });
});

test("reads what new items are given", () => {
  expect(explorationFromEnv({})).toEqual({});
  expect(explorationFromEnv({ FUTAGO_EXPLORE: "0.1" })).toEqual({ share: 0.1 });
  expect(() => explorationFromEnv({ FUTAGO_EXPLORE: "2" })).toThrow("FUTAGO_EXPLORE");
});

test.each([
  ["FUTAGO_DIVERSITY", "1.1"],
  ["FUTAGO_DIVERSITY", "much"],
  ["FUTAGO_DIVERSITY_METHOD", "MMR"],
  ["FUTAGO_MAX_PER_MAKER", "0"],
  ["FUTAGO_MAX_PER_PERFORMER", "1.5"],
])("refuses %s=%s", (name, value) => {
  expect(() => varietyFromEnv({ [name]: value })).toThrow(RangeError);
  expect(() => varietyFromEnv({ [name]: value })).toThrow(name);
});
