import { defineConfig } from "vitest/config";

/** Suites of `test/` that start no Envoy. */
const WITHOUT_ENVOY = ["test/architecture", "test/filter", "test/fuzz"];

/**
 * The files of a worker share its process: to start one and load the compiler anew for each file costs half a second and
 * more. So a test puts back what it changes for all, such as a variable of the environment, and a file that mocks a module
 * takes fresh ones (`vi.resetModules`) before and after.
 */
const SHARED = { isolate: false };

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
          ...SHARED,
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
