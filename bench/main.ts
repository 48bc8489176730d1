import { readdirSync, readFileSync } from "node:fs";
import type { Benchmark } from "./benchmark.ts";
import { describeMachine } from "./machine.ts";

// `npm run bench -- NAME [--json] [benchmark's own options]`: prints what was measured, as JSON on the last line.
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".ts"))
  .filter((file) =>
    /^export (?:async function|const) run\b/m.test(readFileSync(`${import.meta.dirname}/${file}`, "utf8")),
  )
  .map((file) => file.slice(0, -".ts".length));

const json = process.argv.includes("--json");
const [name, ...args] = process.argv.slice(2).filter((argument) => argument !== "--json");
const log = (line: string): void => {
  if (!json) console.log(line);
};

if (name === undefined || name === "--help" || !names.includes(name)) {
  const asked = name !== undefined && name !== "--help";
  if (asked) console.error(`Cannot run benchmark "${name}" as it does not exist`);
  console.log("npm run bench -- NAME [--json]\n");
  for (const each of names) {
    const { about = "" } = (await import(`./${each}.ts`)) as { about?: string };
    console.log(`  ${each.padEnd(14)} ${about}`);
  }
  process.exitCode = asked ? 2 : 0;
} else {
  const machine = describeMachine();
  log(
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Node ${machine.node}, ${machine.platform}`,
  );
  const { run } = (await import(`./${name}.ts`)) as { run: Benchmark };
  const result = await run({ args, log });
  for (const [key, value] of Object.entries(result)) {
    log(`  ${key.padEnd(22)} ${typeof value === "object" ? JSON.stringify(value) : value}`);
  }
  console.log(JSON.stringify({ benchmark: name, ...result, machine }));
}
