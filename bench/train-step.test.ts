import { expect, test } from "vitest";
import { run } from "./train-step.ts";

test("train-step trains, counts its products alone, and gives the share it is asked for", async () => {
  const result = await run({ args: ["--rounds", "1", "--threads", "1"], log: () => {} });
  // Forward and by the weights: 2 towers · 2 · 2·512·(1000·512 + 512·256 + 256·768); by the inputs of the last two
  // layers: 2 · 2·512·(512·256 + 256·768); logits and their two gradients: 3 · 2·512·512·768.
  const layers = [1000 * 512, 512 * 256, 256 * 768] as const;
  const towers = 2 * 2 * 512 * (2 * (layers[0] + layers[1] + layers[2]) + layers[1] + layers[2]);
  expect(result["flops"]).toBe(towers + 3 * 2 * 512 * 512 * 768);
  const rate = Number(result["flops"]) / Number(result["milliseconds"]) / 1e6;
  expect(Number(result["shareOfSgemm"])).toBeCloseTo(rate / Number(result["sgemmGflops"]), 1);
  // log 512 and a little more before the first step.
  expect(result["firstLoss"]).toBeCloseTo(Math.log(512), 0);
  expect(Number(result["lastLoss"])).toBeLessThan(Number(result["firstLoss"]));
});
