import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Suites of `test/` that start no Envoy. */
const WITHOUT_ENVOY = ["test/architecture", "test/filter", "test/fuzz"];

/** What takes a minute or more, and would be waited for if it came last. */
const LONGEST = [
  "test/scripts/demo.test.ts",
  "test/answers/answers.test.ts",
  "test/conformance/conformance.test.ts",
  "test/cli/bad-input.test.ts",
  "test/scripts/pack.test.ts",
  "test/recorded/routing.test.ts",
  "test/recorded/datapath.test.ts",
  "test/cli/commands.test.ts",
  "test/fleet/stopped-changes.test.ts",
  "test/scripts/action/action.test.ts",
  "test/differential/differential.test.ts",
  "scripts/docs/site.test.ts",
  "compiler/answers/diff/diff.test.ts",
  "compiler/answers/check/hostile-yaml.test.ts",
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification) => {
      const rank = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
      return rank < 0 ? LONGEST.length : rank;
    };
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rankOf(a) - rankOf(b));
  }
}

/**
 * The files of a worker share its process: to start one and load the compiler anew for each file costs half a second and
 * more. So a test puts back what it changes for all, such as a variable of the environment, and a file that mocks a module
 * takes fresh ones (`vi.resetModules`) before and after.
 */
const SHARED = { isolate: false };

/** `expect.poll` gives up after a second unless told otherwise, which a busy machine needs for less than one answer. */
const PATIENT = { expect: { poll: { timeout: 30_000 } } };

/** What needs no Envoy (`unit`), what talks to a real one (`integration`), what needs a Docker engine (`docker`), a Chromium (`browser`), or a Kubernetes API server (`kubernetes`). */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...PATIENT,
          name: "unit",
          include: [
            "compiler/**/*.test.ts",
            "envoy/**/*.test.ts",
            "scripts/**/*.test.ts",
            ...WITHOUT_ENVOY.map((folder) => `${folder}/**/*.test.ts`),
          ],
          // `npm test` gives what processor time the containers of other tests leave.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Unless said, one fewer than there are processors.
          maxWorkers: 2,
          ...SHARED,
        },
      },
      {
        test: {
          ...PATIENT,
          name: "integration",
          include: ["test/**/*.test.ts"],
          exclude: [
            "test/docker/**",
            "test/kubernetes/**",
            "test/browser/**",
            ...WITHOUT_ENVOY.map((folder) => `${folder}/**`),
          ],
          globalSetup: ["test/harness/tally-report.ts"],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          // Half of their time they wait. With more of them, those that measure time would wait for one another.
          maxWorkers: 3,
          ...SHARED,
        },
      },
      {
        test: {
          ...PATIENT,
          name: "docker",
          include: ["test/docker/**/*.test.ts"],
          testTimeout: 600_000,
        },
      },
      {
        test: {
          ...PATIENT,
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...PATIENT,
          name: "kubernetes",
          include: ["test/kubernetes/**/*.test.ts"],
          globalSetup: ["test/kubernetes/harness/global-setup.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
