import { defineConfig } from "vitest/config";

/** Two suites: what needs no Envoy (`unit`), and what talks to a real one (`integration`). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["compiler/**/*.test.ts", "envoy/**/*.test.ts", "scripts/**/*.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/**/*.test.ts"],
          globalSetup: ["test/harness/tally-report.ts"],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
