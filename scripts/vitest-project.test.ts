import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../compiler/index.ts";
// @ts-expect-error: a script for Node alone, without types
import { runProject } from "./vitest-project.mjs";

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly unsteady: readonly string[];
}

type Files = Readonly<Record<string, readonly string[]>>;

const pathOf = (file: string) => path.join(packageRoot().directory, file);

/** The report of a run: files with what became of their tests. */
function reportOf(files: Files) {
  return {
    testResults: Object.entries(files).map(([file, statuses]) => ({
      name: pathOf(file),
      status:
        statuses.every((status) => status === "passed" || status === "skipped") && statuses.length > 0
          ? "passed"
          : "failed",
      assertionResults: statuses.map((status, i) => ({ status, fullName: `test ${i + 1}` })),
    })),
  };
}

/** The counts of a project whose runs report these files, one after another, and which files each of them was asked for. */
async function counted(project: string, ...runs: readonly Files[]) {
  const asked: string[][] = [];
  const vitest = async (args: readonly string[]) => {
    const files = runs[asked.length]!;
    asked.push(args.slice(1, args.indexOf("--project")));
    const report = reportOf(files);
    await writeFile(
      args.find((arg) => arg.startsWith("--outputFile.json="))!.split("=")[1]!,
      JSON.stringify(report),
    );
    return report.testResults.some(({ status }) => status === "failed") ? 1 : 0;
  };
  const counts: Counts = await runProject(project, { vitest });
  return { counts, asked };
}

test("a test that fails, and passes when its file runs again, is counted as passed and named", async () => {
  const { counts, asked } = await counted(
    "integration",
    { "a.test.ts": ["passed", "failed", "skipped"], "b.test.ts": ["passed"] },
    { "a.test.ts": ["passed", "passed", "skipped"] },
  );
  expect(counts).toEqual({ passed: 3, failed: 0, skipped: 1, unsteady: ["a.test.ts > test 2"] });
  expect(asked).toEqual([[], [pathOf("a.test.ts")]]);
});

test("what fails twice has failed, and so has what fails in the second run alone", async () => {
  const { counts } = await counted(
    "browser",
    { "a.test.ts": ["failed", "failed", "passed"], "b.test.ts": [] },
    { "a.test.ts": ["failed", "passed", "failed"], "b.test.ts": [] },
  );
  expect(counts).toEqual({ passed: 1, failed: 3, skipped: 0, unsteady: ["a.test.ts > test 2"] });
});

test.each([
  ["a unit test has failed", "unit", { "a.test.ts": ["failed"] }],
  [
    "files that fail in numbers have failed",
    "integration",
    Object.fromEntries(["a", "b", "c", "d"].map((name) => [name, ["failed"]])),
  ],
])("nothing runs again: %s", async (_, project, files) => {
  const { counts, asked } = await counted(project, files);
  expect(counts).toEqual({ passed: 0, failed: Object.keys(files).length, skipped: 0, unsteady: [] });
  expect(asked).toHaveLength(1);
});

test("an error outside of all tests is a failure", async () => {
  const vitest = async () => 1;
  expect(await runProject("integration", { vitest })).toEqual({
    passed: 0,
    failed: 1,
    skipped: 0,
    unsteady: [],
  });
});
