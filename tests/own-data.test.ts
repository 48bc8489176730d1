import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { openDataFolder } from "../src/adapters/fs/mod.ts";
import {
  createMemoryCatalogue,
  datasetFromStore,
  type ImportSummary,
  mappedImport,
  parseImportMapping,
  runImport,
} from "../src/catalogue/mod.ts";
import { describeImport } from "../src/cli/describe-import.ts";

async function importExample(format: "csv" | "jsonl", strict = false) {
  const directory = `examples/own-data/${format}`;
  const mapping = parseImportMapping(JSON.parse(await readFile(`${directory}/mapping.json`, "utf8")));
  const plan = await mappedImport(openDataFolder(directory), mapping, { format });
  const store = createMemoryCatalogue();
  return { store, summary: await runImport(plan, store, { strict }) };
}

const issuesOf = ({ issues }: ImportSummary) =>
  issues.first.map(({ file, line, path }) => `${file}:${line} ${path}`);

describe("the examples of docs/data.md", () => {
  test("are the files of examples/own-data, to the letter", async () => {
    const text = await readFile("docs/data.md", "utf8");
    const blocks = [...text.matchAll(/^`(examples\/\S+)`:?\n\n```\w+\n([\s\S]*?)```$/gm)];
    expect(blocks.length).toBeGreaterThanOrEqual(6);
    for (const [, path, block] of blocks) expect(block, path).toBe(await readFile(path!, "utf8"));
  });

  test("as CSV import as the page says", async () => {
    const { store, summary } = await importExample("csv");
    expect(summary.counts).toEqual({ inserted: 12, updated: 0, unchanged: 0, orphaned: 1 });
    expect(summary.neutral).toBe(1);
    expect(issuesOf(summary)).toEqual(["films.csv:6 price_yen", "views.csv:4 started"]);
    const dataset = await datasetFromStore(store);
    expect(dataset.items.map(({ id, withdrawn }) => [id, withdrawn ?? false])).toEqual([
      ["f-1", false],
      ["f-2", false],
      ["f-3", false],
      ["f-4", true],
    ]);
    expect(dataset.items[0]?.fields["performers"]).toEqual(["汐凪 澪", "森野 蓮"]);
    expect(dataset.items[1]?.fields["description"]).toBe('昆布と鰹、"一番だし"の話。');
    expect(dataset.people.map(({ ageConfirmedAt }) => ageConfirmedAt !== undefined)).toEqual([
      true,
      true,
      false,
    ]);
    expect(dataset.events.watchFraction[1]).toBe(0.5);
  });

  test("as JSON lines import as the page says", async () => {
    const { summary } = await importExample("jsonl");
    expect(summary.counts).toEqual({ inserted: 6, updated: 0, unchanged: 0, orphaned: 1 });
    expect(issuesOf(summary)).toEqual([
      "catalogue.jsonl:3 title",
      "catalogue.jsonl:4 ",
      "swipes.jsonl:5 swipe",
    ]);
  });

  test("with --strict are refused, and the page shows the summary", async () => {
    const { store, summary } = await importExample("csv", true);
    expect(summary.imported).toBe(false);
    expect((await store.counts()).items).toBe(0);
    const text = await readFile("docs/data.md", "utf8");
    expect(text).toContain(describeImport((await importExample("csv")).summary).join("\n"));
  });
});
