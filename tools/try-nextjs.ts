import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { walkThrough } from "../examples/nextjs/dev/walk-through.ts";

// Installs and builds examples/nextjs elsewhere, runs it beside a real `futago` and a stand-in for Supabase, and uses it
// in a browser. Needs the network (npm), a Chromium and minutes; hence no part of the gate.
//   node tools/try-nextjs.ts [folder for screenshots]
const screenshots = resolve(process.argv[2] ?? ".cache/nextjs");
const folder = mkdtempSync(join(tmpdir(), "futago-nextjs-"));
// Not those that are in use where somebody works on the page.
const ports = { supabase: 54_391, futago: 8791, page: 3091 };
const running: ChildProcess[] = [];

function run(command: string, args: readonly string[]): void {
  const { status } = spawnSync(command, args, { cwd: folder, stdio: "inherit", env: ownEnv });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}`);
}

function start(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}): void {
  const { cwd, env } = options;
  running.push(
    spawn(process.execPath, args, {
      cwd,
      env: { ...ownEnv, ...env },
      stdio: ["ignore", "ignore", "inherit"],
    }),
  );
}

async function answers(url: string, minutes: number): Promise<void> {
  const deadline = Date.now() + minutes * 60_000;
  while (
    !(await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    if (Date.now() > deadline) throw new Error(`${url} does not answer`);
    await new Promise((done) => setTimeout(done, 300));
  }
}

const { DATABASE_URL: _, ...inherited } = process.env;
const ownEnv = { ...inherited, NEXT_TELEMETRY_DISABLED: "1" } as NodeJS.ProcessEnv;
const supabase = `http://127.0.0.1:${ports.supabase}`;
try {
  mkdirSync(screenshots, { recursive: true });
  cpSync("examples/nextjs", folder, {
    recursive: true,
    filter: (path) => !/node_modules|\.next$/.test(path),
  });
  const example = readFileSync("examples/nextjs/.env.example", "utf8");
  const environment = example.replace("54321", `${ports.supabase}`).replace("8787", `${ports.futago}`);
  writeFileSync(join(folder, ".env.local"), environment);
  run("npm", ["ci", "--no-audit", "--no-fund"]);
  start(["examples/nextjs/dev/main.ts"], { env: { PORT: String(ports.supabase) } });
  start(["bin/futago.mjs", "start", "--quiet"], {
    env: {
      FUTAGO_HOME: join(folder, ".futago"),
      PORT: String(ports.futago),
      FUTAGO_API_KEY: "futago_key_for_trying",
      FUTAGO_JWKS_URL: `${supabase}/auth/v1/.well-known/jwks.json`,
    },
  });
  run(process.execPath, ["node_modules/next/dist/bin/next", "build"]);
  await answers(`http://127.0.0.1:${ports.futago}/health/ready`, 5);
  start(["node_modules/next/dist/bin/next", "start", "-p", String(ports.page)], { cwd: folder });
  const url = `http://127.0.0.1:${ports.page}/`;
  await answers(`${url}sign-in`, 1);
  for (const line of await walkThrough({ url, screenshots })) console.log(`ok  ${line}`);
  console.log(`Pictures are in ${screenshots}`);
} finally {
  await Promise.all(
    running.map((child) => {
      const ended = new Promise((done) => child.once("exit", done));
      return child.kill() ? ended : undefined;
    }),
  );
  rmSync(folder, { recursive: true, force: true });
}
