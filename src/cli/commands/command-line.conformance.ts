import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { main } from "../main.ts";

/**
 * Opens an empty home with an embedded database, which is gone after the test.
 *
 * @returns The home, and `run`, which takes what follows `futago`, adds `--json`, and gives what was printed with the exit
 * code and the errors.
 */
export async function openCommandLine() {
  vi.stubEnv("DATABASE_URL", undefined);
  const home = await mkdtemp(join(tmpdir(), "futago-test-"));
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    process.exitCode = 0;
    await rm(home, { recursive: true, force: true });
  });
  return {
    home,
    run: async (...args: readonly string[]) => {
      let [stdout, stderr] = ["", ""];
      const spies = [
        vi.spyOn(process.stdout, "write").mockImplementation((text) => {
          stdout += String(text);
          return true;
        }),
        vi.spyOn(process.stderr, "write").mockImplementation(() => true),
        vi.spyOn(console, "error").mockImplementation((text) => {
          stderr += String(text);
        }),
      ];
      process.exitCode = 0;
      try {
        const code = await main([...args, "--home", home, "--json"]);
        return { code, stderr, ...(stdout === "" ? {} : JSON.parse(stdout)) };
      } finally {
        for (const spy of spies) spy.mockRestore();
      }
    },
  };
}
