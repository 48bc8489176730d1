import { describe, expect, test } from "vitest";
import { lackingHeads, parseFormula, resolveFormula, valueFromEnv } from "./value-formula.ts";

describe("a value formula", () => {
  test("[VF1] is read from one line, without weights of 0", () => {
    expect(parseFormula("similarity=1, like=0.2,nope=-0.5,watch=0")).toEqual({
      similarity: 1,
      like: 0.2,
      nope: -0.5,
    });
    expect(valueFromEnv({ FUTAGO_VALUE: "watch=1e-1" })).toEqual({ watch: 0.1 });
    expect(valueFromEnv({ FUTAGO_VALUE: "" })).toBeUndefined();
  });

  test.each([
    ["like", "one weight for each part"],
    ["like=", "one weight for each part"],
    ["like=1,like=2", "one weight for each part"],
    ["like=1=2", "one weight for each part"],
    ["like=1,", "one weight for each part"],
    ["like=much", "the weight of like must be a number from -1000 to 1000: current value is NaN"],
    ["nope=-1001", "current value is -1001"],
    ["similarity=-1", "the weight of similarity must be a number from 0 to 1000: current value is -1"],
    ["likes=1", 'must weigh similarity, like, watch or nope: current value is "likes"'],
    ["toString=1", 'current value is "toString"'],
  ])("[VF1] is refused as %s", (text, message) => {
    expect(() => parseFormula(text)).toThrow(RangeError);
    expect(() => parseFormula(text)).toThrow(message);
  });

  test("lacks the heads it weighs that a version does not have", () => {
    const head = { weights: [], scale: 1, bias: 0 };
    const heads = { kind: "served_heads", heads: { nope: head } } as const;
    expect(lackingHeads({ similarity: 1, like: 1, nope: -1 }, heads)).toEqual(["like"]);
    expect(lackingHeads({ similarity: 1, nope: -1 }, heads)).toEqual([]);
    expect(lackingHeads({ like: 1, watch: 0 }, undefined)).toEqual(["like"]);
    expect(() => resolveFormula({ watch: Number.POSITIVE_INFINITY })).toThrow(RangeError);
  });
});
