import { expect, test } from "vitest";
import { openCommandLine } from "./command-line.conformance.ts";

test("explain tells what keeps a video out, to nobody without a confirmed age", async () => {
  const { run } = await openCommandLine();
  const ask = (...more: string[]) => run("explain", "--person", "viewer", "--video", "v1", ...more);
  expect(await run("explain", "--person", "viewer")).toMatchObject({ code: 2 });
  expect(await ask()).toMatchObject({ code: 1, stderr: expect.stringContaining("age must be confirmed") });
  await run("users", "confirm-age", "viewer");
  const told = { code: 0, video_id: "v1", shown: false, obstacles: ["not_in_catalogue"], score: null };
  expect(await ask("--why-not", "--lang", "ja", "--limit", "5")).toMatchObject(told);
});
