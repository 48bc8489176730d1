import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

// Compiles src/ to dist/: JavaScript, declarations and source maps, with `.ts` imports rewritten to `.js`.
rmSync("dist", { recursive: true, force: true });
const { status } = spawnSync("tsc", ["-p", "tsconfig.build.json"], {
  stdio: "inherit",
  shell: process.platform === "win32",
});
process.exitCode = status ?? 1;
