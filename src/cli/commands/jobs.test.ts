import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openCommandLine } from "./command-line.conformance.ts";

test("[CL4] jobs are added, listed, done, cancelled, retried and scheduled", async () => {
  const { home, run } = await openCommandLine();
  const jobs = (...args: string[]) => run("jobs", ...args);
  const { id } = await jobs("add", "integrity", "--key", "mine");
  expect(await jobs("add", "integrity", "--key", "mine")).toMatchObject({ code: 0, id: null });
  await jobs("cancel", id);
  expect(await jobs("cancel", id)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("Cannot cancel"),
  });
  expect(await jobs("retry", id)).toMatchObject({ code: 0 });
  expect(await jobs("add", "embed-changed", "--payload", "no json")).toMatchObject({ code: 2 });
  await jobs("add", "embed-changed");
  const logs = join(home, "logs");
  const did = await jobs("run", "--once", "--log-dir", logs);
  expect(did).toMatchObject({ code: 0, done: 2, dead: 0 });
  const [file] = await readdir(logs);
  const lines = (await readFile(join(logs, file!), "utf8")).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { kind: "integrity", outcome: "done" },
    { kind: "embed-changed", outcome: "done", result: { reason: "no version is active" } },
  ]);
  expect(await jobs("list", "--runs", "--kind", "integrity")).toMatchObject({
    runs: [{ jobId: id, outcome: "done", counts: { mended: 0 } }],
  });
  const { schedules } = await jobs("schedule", "retrain", "--off");
  expect(schedules.find(({ name }: { name: string }) => name === "retrain")).toMatchObject({
    cron: "0 4 * * 0",
    timeZone: "Asia/Tokyo",
    enabled: false,
    next: null,
  });
  expect(await jobs("schedule", "retrain", "--cron", "never")).toMatchObject({ code: 1 });
});
