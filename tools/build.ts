import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { bundleEdge, edgeFolder } from "./bundle-edge.ts";

// Compiles src/ to dist/: JavaScript, declarations and source maps, with `.ts` imports rewritten to `.js`. Then bundles
// what edge functions import.
rmSync("dist", { recursive: true, force: true });
rmSync(edgeFolder, { recursive: true, force: true });
const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json"], {
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exitCode = status ?? 1;
const bytes = (await bundleEdge()).reduce((sum, { code }) => sum + code.length, 0);
console.log(`${edgeFolder}: ${(bytes / 1e6).toFixed(2)} MB`);
