import { defineConfig } from "vitest/config";

/** Suites of `test/` that start no Envoy. */
const WITHOUT_ENVOY = ["test/architecture", "test/filter", "test/fuzz"];

/** What needs no Envoy (`unit`), what talks to a real one (`integration`), what needs a Docker engine (`docker`), or a Kubernetes API server (`kubernetes`). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "compiler/**/*.test.ts",
            "envoy/**/*.test.ts",
            "scripts/**/*.test.ts",
            ...WITHOUT_ENVOY.map((folder) => `${folder}/**/*.test.ts`),
          ],
          testTimeout: 30_000,
          // Some compile a part of the filter first.
          hookTimeout: 60_000,
          // Unless said, one fewer than there are processors.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: "integration",
          include: ["test/**/*.test.ts"],
          exclude: ["test/docker/**", "test/kubernetes/**", ...WITHOUT_ENVOY.map((folder) => `${folder}/**`)],
          globalSetup: ["test/harness/tally-report.ts"],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          // Half of their time they wait.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: "docker",
          include: ["test/docker/**/*.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "kubernetes",
          include: ["test/kubernetes/**/*.test.ts"],
          globalSetup: ["test/kubernetes/harness/global-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
