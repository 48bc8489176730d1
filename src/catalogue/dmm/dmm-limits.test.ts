import { expect, test } from "vitest";
import { resolveDmmLimits } from "./dmm-limits.ts";

test("what is not given is the default", () => {
  expect(resolveDmmLimits({ maxOffset: 50_000 })).toMatchObject({
    intervalMs: 1000,
    hits: 100,
    maxOffset: 50_000,
  });
});

test.each([
  { hits: 101 },
  { hits: 0 },
  { intervalMs: -1 },
  { dailyRequests: 0.5 },
  { attempts: Number.NaN },
  { maxOffset: 150 },
])("%j is out of range", (limits) => {
  expect(() => resolveDmmLimits(limits)).toThrow(RangeError);
});
