import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { deno } from "./deno.ts";

// Runs the same smoke file in Node and in Deno, with nothing allowed in Deno, and compares what they print.
const smoke = fileURLToPath(new URL("smoke/smoke.ts", import.meta.url));
const offline = ["--no-remote", "--node-modules-dir=manual", "--cached-only", "--no-prompt", "--quiet"];

const inNode = run("Node", process.execPath, [smoke]);
const inDeno = run("Deno", deno, ["run", ...offline, smoke]);
for (let i = 0; i < Math.max(inNode.length, inDeno.length); i++) {
  if (inNode[i] === inDeno[i]) continue;
  console.error(`Node and Deno must print the same: current value is "${inNode[i]}" and "${inDeno[i]}"`);
  process.exitCode = 1;
}
console.log(`${inNode.length} parts of the core, the same in Node ${process.version} and in Deno`);

function run(runtime: string, command: string, args: readonly string[]): string[] {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    timeout: 60_000,
    env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  });
  if (status === 0) return stdout.trim().split("\n");
  console.error(`Cannot run ${smoke} in ${runtime}\n${error ?? stderr}`);
  process.exit(1);
}
