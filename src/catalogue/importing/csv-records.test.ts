import { parse } from "csv-parse/sync";
import { assert, asyncProperty, constantFrom, array as fcArray, integer, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { type CsvRecord, type ReadCsvOptions, readCsv } from "./csv-records.ts";
import { memoryFolder } from "./data-folder.ts";
import { readLines } from "./text-lines.ts";

async function chunksOf(content: string | Uint8Array, chunkSize = 7) {
  return (await memoryFolder({ file: content }, { chunkSize }).find("file"))!.chunks();
}

async function records(
  content: string | Uint8Array,
  options: ReadCsvOptions & { chunkSize?: number } = {},
): Promise<CsvRecord[]> {
  const all: CsvRecord[] = [];
  for await (const block of readCsv(await chunksOf(content, options.chunkSize), options)) all.push(...block);
  return all;
}

const cells = (found: readonly CsvRecord[]) => found.map((record) => record.cells);

describe("lines", () => {
  const lines = async (content: string | Uint8Array, options = {}) => {
    const all = [];
    for await (const block of readLines(await chunksOf(content, 3), options)) all.push(...block);
    return all;
  };

  test("end at \\n or \\r\\n, whatever the chunks, with or without an end on the last", async () => {
    expect(await lines("\uFEFFé\r\n\n東京\nlast")).toEqual([
      { line: 1, text: "é" },
      { line: 2, text: "" },
      { line: 3, text: "東京" },
      { line: 4, text: "last" },
    ]);
    expect((await lines("a\nb\n")).map(({ text }) => text)).toEqual(["a", "b"]);
    expect(await lines("")).toEqual([]);
  });

  test("too long or not UTF-8 are problems of their own line only", async () => {
    const found = await lines(`ok\n${"x".repeat(50)}\nalso ok\n${"y".repeat(50)}`, { maxLineBytes: 10 });
    expect(found.map(({ text, problem }) => problem?.expected ?? text)).toEqual([
      "ok",
      "a line of at most 10 bytes",
      "also ok",
      "a line of at most 10 bytes",
    ]);
    const bytes = Uint8Array.from([97, 10, 0xe9, 10, 98]);
    expect((await lines(bytes)).map(({ text, problem }) => problem?.expected ?? text)).toEqual([
      "a",
      "valid UTF-8",
      "b",
    ]);
    expect((await lines(bytes, { encoding: "iso-8859-1" })).map(({ text }) => text)).toEqual(["a", "é", "b"]);
  });
});

describe("CSV", () => {
  test("reads quotes, doubled quotes, separators and line ends inside quotes", async () => {
    const text = 'id,title\n1,"a, ""b""\nc"\n\n2,plain "quote" inside\n3,""\n4,\n';
    const found = await records(text);
    expect(cells(found)).toEqual([
      ["id", "title"],
      ["1", 'a, "b"\nc'],
      ["2", 'plain "quote" inside'],
      ["3", ""],
      ["4", ""],
    ]);
    expect(found.map(({ line, next }) => [line, next])).toEqual([
      [1, 2],
      [2, 4],
      [5, 6],
      [6, 7],
      [7, 8],
    ]);
  });

  test("a stray quote costs its own row, not the rest of the file", async () => {
    const found = await records('a,b\n1,"open\n2,ok\n3,"closed" x\n4,ok', { maxRecordLines: 3 });
    expect(found.map(({ line, problem }) => [line, problem === undefined])).toEqual([
      [1, true],
      [2, false],
      [3, true],
      [4, false],
      [5, true],
    ]);
  });

  test("agrees with csv-parse on any table", async () => {
    const cell = string({ unit: constantFrom("a", '"', ",", "\n", "é", " ", "動"), maxLength: 6 });
    const table = fcArray(fcArray(cell, { minLength: 2, maxLength: 4 }), { maxLength: 8 });
    await assert(
      asyncProperty(table, integer({ min: 1, max: 20 }), async (rows, chunkSize) => {
        const text = rows
          .map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(","))
          .join("\n");
        const expected = parse(text, { relax_column_count: true, skip_empty_lines: true });
        expect(cells(await records(text, { chunkSize }))).toEqual(expected);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test("never throws on garbage, and accounts for every line", async () => {
    const garbage = string({ unit: constantFrom("a", '"', ",", "\n", "\r", "\u0000", "é"), maxLength: 200 });
    await assert(
      asyncProperty(garbage, integer({ min: 1, max: 9 }), async (text, maxRecordLines) => {
        const found = await records(text, { maxRecordLines });
        let reached = 1;
        for (const { line, next } of found) {
          expect(line).toBeGreaterThanOrEqual(reached);
          expect(next).toBeGreaterThan(line);
          reached = next;
        }
      }),
      { numRuns: 500, seed: 2 },
    );
  });

  test("ten thousand stray quotes are read in bounded time", async () => {
    const text = Array.from({ length: 10_000 }, (_, i) => `${i % 201 === 0 ? '"' : ""}x${i}`).join("\n");
    expect((await records(text, { chunkSize: 65_536 })).length).toBeGreaterThan(5000);
    const every = Array.from({ length: 10_001 }, (_, i) => `"a" ${i}`).join("\n");
    const found = await records(every, { chunkSize: 65_536 });
    expect(found.every(({ problem }) => problem !== undefined)).toBe(true);
    expect(found.length).toBe(10_001);
  });
});
