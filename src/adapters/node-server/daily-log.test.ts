import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDailyLog } from "./daily-log.ts";
import { createPinoLog } from "./pino-log.ts";

let directory = "";
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "futago-logs-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test("[LO1] a log has a file a day, kept for a week; others' files stay", async () => {
  const clock = { time: Date.UTC(2026, 10, 20, 23, 59), now: () => clock.time };
  for (const name of ["futago-2026-11-12.log", "futago-2026-11-13.log", "notes.txt"]) {
    await writeFile(join(directory, name), "");
  }
  const destination = openDailyLog(directory, { clock });
  const log = createPinoLog({ destination });
  log.note("before midnight");
  expect((await readdir(directory)).sort()).toEqual([
    "futago-2026-11-13.log",
    "futago-2026-11-20.log",
    "notes.txt",
  ]);
  clock.time += 120_000;
  log.note("after midnight");
  await destination.close();
  expect((await readdir(directory)).sort()).toEqual([
    "futago-2026-11-20.log",
    "futago-2026-11-21.log",
    "notes.txt",
  ]);
  for (const [day, message] of [
    ["20", "before midnight"],
    ["21", "after midnight"],
  ]) {
    const text = await readFile(join(directory, `futago-2026-11-${day}.log`), "utf8");
    expect(JSON.parse(text)).toMatchObject({ level: 30, msg: message });
  }
});
