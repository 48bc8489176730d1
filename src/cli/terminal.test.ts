import { InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";
import { realNumber, wholeNumber, wordList } from "./option-values.ts";
import { tableOf } from "./table.ts";
import { createTerminalProgress } from "./terminal-progress.ts";

describe("option values", () => {
  test.each(["", " ", "1.5", "1e3", "x", "NaN", "0", "11"])("wholeNumber() refuses %j", (text) => {
    expect(() => wholeNumber({ min: 1, max: 10 })(text)).toThrow(InvalidArgumentError);
  });

  test("wholeNumber() and realNumber() read what is within bounds", () => {
    expect(wholeNumber({ min: 1, max: 10 })("10")).toBe(10);
    expect(wholeNumber()("-3")).toBe(-3);
    expect(realNumber({ min: 0 })("1e-3")).toBe(0.001);
    expect(() => realNumber({ max: 1 })("Infinity")).toThrow(InvalidArgumentError);
  });

  test("wordList() drops what is empty", () => {
    expect(wordList(" a, b,,c ")).toEqual(["a", "b", "c"]);
  });
});

test("tableOf() keeps columns straight beside wide characters", () => {
  expect(
    tableOf([
      ["#", "title", "score"],
      [1, "灯台", "0.5"],
      [10, "sea", "0.25"],
    ]),
  ).toEqual(["#   title  score", " 1  灯台   0.5", "10  sea    0.25"]);
});

describe("createTerminalProgress()", () => {
  function stream(): { written: string[]; stream: NodeJS.WriteStream } {
    const written: string[] = [];
    const stream = { isTTY: false, write: (text: string) => written.push(text) > 0 };
    return { written, stream: stream as unknown as NodeJS.WriteStream };
  }

  test("writes plain lines where there is no terminal", () => {
    const { written, stream: to } = stream();
    const task = createTerminalProgress(to, { lineEvery: 0 }).start("Reading", 3);
    task.advance(1);
    task.note("fast");
    task.advance(2);
    task.done();
    task.done();
    expect(written.map((line) => line.replace(/\(.*\)/, "(…)"))).toEqual([
      "Reading: 1/3\n",
      "Reading: 3/3 fast\n",
      "Reading: 3/3 fast (…)\n",
    ]);
  });

  test("writes nothing when quiet", () => {
    const { written, stream: to } = stream();
    createTerminalProgress(to, { quiet: true }).start("Reading").done();
    expect(written).toEqual([]);
  });
});
