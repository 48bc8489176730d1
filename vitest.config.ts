import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["futago-source"] },
  test: {
    include: ["src/**/*.test.ts", "tools/**/*.test.ts", "tests/**/*.test.ts", "bench/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
