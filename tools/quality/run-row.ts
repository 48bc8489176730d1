import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeMachine } from "../../bench/machine.ts";
import { type EvaluateSummary, type QualityResult, resultOf } from "./results.ts";
import type { QualityRow } from "./rows.ts";

/** Options of {@link runRow}. */
export interface RunRowOptions {
  /** The folder that holds `ml-1m` and `ml-latest-small`. */
  readonly data: string;
  /** More arguments for the measured command, for a try. */
  readonly extra: readonly string[];
}

/** A row whose command ended with another code than 0. */
export class RowFailed extends Error {}

const main = new URL("../../src/cli/main.ts", import.meta.url).pathname;

/**
 * The command of a row as a person would type it.
 *
 * @param row Which.
 * @param extra More arguments.
 * @returns One line for each command.
 */
export function commandLines(row: QualityRow, extra: readonly string[] = []): readonly string[] {
  return [...(row.prepare ?? []), [...row.command, ...extra]].map((command) =>
    ["npx", "futago", ...command].join(" ").replaceAll("{data}/", "").replaceAll("{home}", "demo-home"),
  );
}

/**
 * Runs one row, each command in a process of its own, so that its peak of memory is its own.
 *
 * @param row Which.
 * @param options Where the data is.
 * @returns What it gave.
 * @throws RowFailed When a command fails.
 */
export async function runRow(row: QualityRow, options: RunRowOptions): Promise<QualityResult> {
  const home = mkdtempSync(join(tmpdir(), "futago-quality-"));
  const filled = (command: readonly string[]): string[] =>
    command.map((word) => word.replace("{data}", options.data).replace("{home}", home));
  try {
    for (const command of row.prepare ?? []) await run([...filled(command), "--quiet"], home);
    const started = performance.now();
    const output = await run([...filled(row.command), ...options.extra], home);
    const summary = JSON.parse(output.trimEnd().split("\n").at(-1)!) as EvaluateSummary;
    return resultOf(summary, {
      row: row.name,
      command: commandLines(row, options.extra).join("\n"),
      on: new Date().toISOString().slice(0, 10),
      commit: commit(),
      machine: describeMachine(),
      wallSeconds: Math.round((performance.now() - started) / 1000),
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function run(args: readonly string[], home: string): Promise<string> {
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    // A database of the surroundings is not what is measured.
    env: { ...process.env, DATABASE_URL: "", FUTAGO_HOME: home },
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new RowFailed(`futago ${args.join(" ")} ended with ${code ?? "a signal"}`));
    });
  });
}

function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync("git", args, { encoding: "utf8" }).trim();
    const changed = git("status", "--porcelain", "--untracked-files=no", "src") === "" ? "" : " and changes";
    return git("rev-parse", "--short=10", "HEAD") + changed;
  } catch {
    return "unknown";
  }
}
