import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type SizingInput, sizeOf, sizingTables } from "./sizing.ts";

const input = JSON.parse(readFileSync("docs/guides/sizing.json", "utf8")) as SizingInput;

test.each(["en", "ja"] as const)("the %s guide's tables are those of docs/guides/sizing.json", (language) => {
  const page = readFileSync(`docs/${language === "ja" ? "ja/" : ""}guides/sizing.md`, "utf8");
  for (const [name, table] of Object.entries(sizingTables(input, language))) {
    expect(page, name).toContain(`<!-- ${name} -->\n${table}\n<!-- /${name} -->`);
  }
});

test("sizes are what the formulae say, worked out by hand", () => {
  const measured = {
    ...input.measured,
    ...{ videoBytes: 1000, viewerBytes: 200, eventBytes: 300 },
    ...{ videoVectorBytes: 1600, videoIndexBytes: 2000, viewerVectorBytes: 1700 },
    ...{ answerMs: 5, embedMsPerVideo: 1, trainingSecondsPer100kEvents: 30 },
  };
  const assumed = {
    eventsPerViewer: 100,
    requestsPerViewerAndDay: 10,
    peakToMean: 5,
    versionsWithVectors: 2,
  };
  const size = sizeOf({ ...input, measured, assumed }, { videos: 1_000_000, viewers: 100_000 });
  // 10⁶ × (1000 + 2 × 3600) + 10⁵ × (200 + 100 × 300 + 2 × 1700)
  expect(size.databaseBytes).toBe(11.56e9);
  expect(size.hotBytes).toBe(3.6e9);
  // 10⁶ requests a day ÷ 86,400 × 5
  expect(size.peakPerSecond).toBeCloseTo(57.87, 2);
  expect(size.capacityPerSecond).toBe(200);
  expect(size.embedSeconds).toBe(1000);
  expect(size.trainingSeconds).toBe(3000);
  // 25 − 10 + 110 (8 GB, of which 3.6 are half or less) + 3.56 GB × 0.125 + 28 million × 2
  expect([size.compute, size.dollarsPerMonth]).toEqual(["Large", expect.closeTo(181.445, 3)]);
});
