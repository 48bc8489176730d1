// `node tools/bootstrap.mjs SCRIPT [ARGUMENTS]`: installs what package-lock.json names where it is not there yet, then
// runs SCRIPT with the pinned Node. Plain JavaScript without packages, as it runs first, on any Node from 18 on.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const windows = process.platform === "win32";

if (!isInstalled()) install();
runWithPinnedNode(process.argv.slice(2));

/** npm writes node_modules/.package-lock.json last: where it agrees with package-lock.json, the install is whole. */
function isInstalled() {
  const wanted = readPackages(join(root, "package-lock.json"));
  const present = readPackages(join(root, "node_modules", ".package-lock.json"));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    // Optional packages are those of other platforms; links are this repository's own workspaces.
    if (!path.startsWith("node_modules/") || entry.optional || entry.link) return true;
    return present[path]?.version === entry.version;
  });
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages;
  } catch {
    return undefined;
  }
}

function install() {
  console.error("Installing packages, this once …");
  const began = performance.now();
  const npm = process.env.npm_execpath;
  const options = ["ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status, error } =
    npm === undefined || !/\.[cm]?js$/.test(npm)
      ? spawnSync("npm", options, { cwd: root, stdio: ["ignore", 2, 2], shell: windows })
      : spawnSync(process.execPath, [npm, ...options], { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) {
    console.error(
      `error: Cannot install packages as npm ci must succeed${error ? `: ${error.message}` : ""}`,
    );
    process.exit(1);
  }
  console.error(`Installed in ${((performance.now() - began) / 1000).toFixed(0)} s`);
}

function runWithPinnedNode([script, ...rest]) {
  const pinned = join(root, "node_modules", ".bin", windows ? "node.cmd" : "node");
  const node = existsSync(pinned) ? pinned : process.execPath;
  const child = spawn(node, [join(root, script), ...rest], {
    cwd: root,
    stdio: "inherit",
    shell: node === pinned && windows,
  });
  // A terminal sends Ctrl-C to the child by itself; a supervisor signals only this process.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 130)));
}
