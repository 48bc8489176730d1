import { spawnSync } from "node:child_process";
import { rmSync, statSync } from "node:fs";
import { bundleEdge, edgeBundle } from "./bundle-edge.ts";

// Compiles src/ to dist/: JavaScript, declarations and source maps, with `.ts` imports rewritten to `.js`. Then bundles
// what edge functions import.
rmSync("dist", { recursive: true, force: true });
const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json"], {
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exitCode = status ?? 1;
await bundleEdge();
console.log(`${edgeBundle}: ${(statSync(edgeBundle).size / 1e6).toFixed(2)} MB`);
