import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDailyLog } from "./daily-log.ts";
import { standardError } from "./job-log.ts";
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

test("[LO2] a person on a terminal reads a line, a program JSON", async () => {
  const linesOn = async (terminal: boolean): Promise<string> => {
    let text = "";
    const stream = new Writable({
      write: (chunk: Buffer, _, done) => {
        text += chunk.toString();
        done();
      },
    });
    const log = createPinoLog({ destination: standardError({ terminal, stream }) });
    log.note("the active version is still being opened");
    await new Promise((done) => setImmediate(done));
    return stripVTControlCharacters(text);
  };
  expect(await linesOn(true)).toMatch(
    /^\[\d\d:\d\d:\d\d\] INFO: the active version is still being opened\n$/,
  );
  expect(JSON.parse(await linesOn(false))).toMatchObject({
    level: 30,
    msg: "the active version is still being opened",
  });
});
