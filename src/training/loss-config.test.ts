import { expect, test } from "vitest";
import { resolveTrainingConfig } from "./training-config.ts";

test("the shares of negatives are 60 % uniform, 30 % hard and 10 % popular unless told otherwise", () => {
  const { hardShare, popularShare } = resolveTrainingConfig();
  expect([hardShare, popularShare]).toEqual([0.3, 0.1]);
});

test("a configuration from before there were hard negatives keeps its popular ones", () => {
  expect(resolveTrainingConfig({ popularShare: 0.5 })).toMatchObject({ hardShare: 0.3, popularShare: 0.5 });
  expect(resolveTrainingConfig({ popularShare: 1 })).toMatchObject({ hardShare: 0, popularShare: 1 });
});

test.each([
  { popularShare: 0.6, hardShare: 0.5 },
  { popularShare: 1.1 },
  { hardShare: -0.1 },
  { hardDepth: 0 },
  { hardSkip: 1.5 },
  { hardRefreshSteps: 0 },
  { bceNegatives: 0 },
  { gbceCalibration: 1.01 },
  { hingeMargin: 2 },
  { hingeNegativeWeight: -1 },
  { sampledNegatives: 0 },
  { loss: "bpr" as never },
])("refuses %o", (options) => {
  expect(() => resolveTrainingConfig(options)).toThrow(RangeError);
});
