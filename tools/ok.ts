import { spawnSync } from "node:child_process";
import { performance } from "node:perf_hooks";

// The one gate: what a change must pass. `npm run ok` runs all of it, `npm run ok -- types imports` only those.
const steps: readonly (readonly [name: string, script: string])[] = [
  ["lint", "lint"],
  ["types", "types"],
  ["imports", "imports"],
  ["portability", "portability"],
  ["package", "package"],
  ["api", "api:check"],
  ["examples", "examples"],
  ["tests", "test:run"],
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !steps.some(([step]) => step === name));
if (unknown.length > 0) {
  console.error(
    `Cannot run step "${unknown[0]}" as it must be one of ${steps.map(([name]) => name).join(", ")}`,
  );
  process.exit(2);
}

const failed: string[] = [];
for (const [name, script] of steps) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const start = performance.now();
  // Tests are watched as they go; of the rest only what is wrong is worth reading.
  const live = name === "tests";
  const { status, stdout, stderr } = spawnSync("npm", ["run", "--silent", script], {
    encoding: "utf8",
    stdio: live ? "inherit" : ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 28,
    shell: process.platform === "win32",
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  if (status !== 0) {
    failed.push(name);
    if (!live) process.stdout.write(`${stdout}${stderr}`);
  }
  console.log(`${status === 0 ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
}
if (failed.length > 0) {
  console.error(`Not ok: ${failed.join(", ")}`);
  process.exitCode = 1;
}
