#!/usr/bin/env node
// Plain JavaScript that any Node from 18 on can read: it finds a Node that runs the sources as they are.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const source = join(root, "src", "cli", "main.ts");
const built = join(root, "dist", "cli", "main.js");
// Node does not strip types below node_modules, so an installed package runs its built files.
const useSource = existsSync(source) && !root.split(/[\\/]/).includes("node_modules");
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
const stripsTypes = major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18);

if (!useSource || stripsTypes) {
  const { main } = await import(useSource ? source : built);
  process.exitCode = await main(process.argv.slice(2));
} else {
  const pinned = join(root, "node_modules", ".bin", process.platform === "win32" ? "node.cmd" : "node");
  if (!existsSync(pinned)) {
    console.error(
      `Cannot run futago as Node must be 22.18 or newer: current value is ${process.versions.node}; run npm start once, it brings its own`,
    );
    process.exitCode = 1;
  } else {
    const child = spawn(pinned, [source, ...process.argv.slice(2)], {
      stdio: "inherit",
      shell: process.platform === "win32",
    });
    // A terminal sends Ctrl-C to the child by itself; a supervisor signals only this process.
    process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
    process.on("SIGTERM", () => child.kill("SIGTERM"));
    child.on("exit", (code, signal) => {
      process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
    });
  }
}
