import { readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { renderMeasured, replaceMeasured } from "./quality/render.ts";
import { readResults, writeResults } from "./quality/results.ts";
import { qualityRows } from "./quality/rows.ts";
import { commandLines, RowFailed, runRow } from "./quality/run-row.ts";

const help = `npm run quality -- [options]

Measures every row of docs/quality.md, one process each, and writes the figures to docs/quality.json and into the page.
Rows that were measured by the same command are kept, so that a run that was stopped goes on where it stopped.

  --only <rows>   of ${qualityRows.map(({ name }) => name).join(",")} (default: all)
  --again         measure rows anew that docs/quality.json has
  --data <dir>    holds ml-1m and ml-latest-small (default: ../shared/data)
  --render        measure nothing, write the page from docs/quality.json
  --epochs <n>    a try: at most so many epochs; written beside the temporary files, not to docs/
  --list          print the commands
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    again: { type: "boolean", default: false },
    data: { type: "string", default: "../shared/data" },
    render: { type: "boolean", default: false },
    epochs: { type: "string" },
    list: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const names = values.only?.split(",").map((name) => name.trim());
const unknown = names?.find((name) => !qualityRows.some((row) => row.name === name));
const rows = qualityRows.filter(({ name }) => names?.includes(name) ?? true);
const extra = values.epochs === undefined ? [] : ["--epochs", values.epochs];

if (values.help) {
  console.log(help);
} else if (unknown !== undefined) {
  console.error(`Cannot measure "${unknown}" as rows are ${qualityRows.map(({ name }) => name).join(", ")}`);
  process.exitCode = 2;
} else if (values.list) {
  for (const row of rows) console.log([`# ${row.name}: ${row.title}`, ...commandLines(row)].join("\n"));
} else {
  await measure();
}

async function measure(): Promise<void> {
  const docs = new URL("../docs/", import.meta.url).pathname;
  // A try must not pass for a measurement.
  const folder = values.epochs === undefined ? docs : tmpdir();
  const file = join(folder, values.epochs === undefined ? "quality.json" : "futago-quality-try.json");
  const page = join(folder, values.epochs === undefined ? "quality.md" : "futago-quality-try.md");
  const template = readFileSync(join(docs, "quality.md"), "utf8");
  const render = (): void =>
    writeFileSync(page, replaceMeasured(template, renderMeasured(qualityRows, readResults(file))));
  for (const row of values.render ? [] : rows) {
    const known = readResults(file).find((result) => result.row === row.name);
    if (known?.command === commandLines(row, extra).join("\n") && !values.again) {
      console.log(`${row.name}: measured on ${known.on}; --again measures anew`);
      continue;
    }
    console.log([`${row.name}: ${row.title}`, ...commandLines(row, extra)].join("\n  "));
    try {
      const result = await runRow(row, { data: values.data, extra });
      const others = readResults(file).filter(({ row: name }) => name !== row.name);
      const order = qualityRows.map(({ name }) => name);
      writeResults(
        file,
        [...others, result].sort((a, b) => order.indexOf(a.row) - order.indexOf(b.row)),
      );
      render();
    } catch (error) {
      if (!(error instanceof RowFailed)) throw error;
      // The other rows are worth having.
      console.error(error.message);
      process.exitCode = 1;
    }
  }
  render();
  console.log(`Wrote ${file} and ${page}`);
}
