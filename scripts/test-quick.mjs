/**
 * `npm run test:quick`, the inner loop: types, the linter, and the unit tests that reach what was changed since this
 * branch left `main`, committed or not. Without a change: all unit tests that are quick. What needs an Envoy, and what
 * takes longer than one likes to wait, is left to `npm test`.
 */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { ROOT, run, setup } from "./setup.mjs";
import { PACKAGES, runBiome, runTsc, runVitest } from "./tools.mjs";

/** The slowest. They run when they, or the file that they are named after, were changed. */
const SLOW = [
  "compiler/answers/check/hostile-yaml.test.ts",
  "compiler/answers/check/never-reached.test.ts",
  "compiler/answers/compare/literal-partition.test.ts",
  "compiler/answers/diff/diff.test.ts",
  "compiler/answers/explain/equals-filter.test.ts",
  "compiler/answers/wasm-host/filter-vm.test.ts",
  "compiler/cli/code-guide.test.ts",
  "compiler/compile.test.ts",
  "compiler/regex/bounds.test.ts",
  "compiler/regex/equals-re2.test.ts",
  "compiler/regex/literals.test.ts",
  "compiler/regex/verify.test.ts",
  "compiler/source/pieces.test.ts",
  "compiler/source/tame.test.ts",
  "compiler/workspace.test.ts",
  "scripts/docs/commands.test.ts",
  "scripts/docs/site.test.ts",
  "test/filter/blob.test.ts",
  "test/filter/index-is-exact.test.ts",
  "test/filter/leaving.test.ts",
  "test/filter/memory.test.ts",
  "test/filter/no-allocation.test.ts",
  "test/filter/sticky.test.ts",
  "test/fuzz/fuzz.test.ts",
];

/** These read the filter from the disk, so that no import leads from them to its source. */
const READERS_OF_FILTER = ["compiler/answers/wasm-host/filter-vm.ts", "compiler/regex/walker.fixture.ts"];

/** Files share what they import: that saves two thirds of the time. `npm test` gives each its own. */
const VITEST = ["--project", "unit", "--reporter=dot", "--no-isolate"];

async function main() {
  await setup();
  const failed = [];
  const step = async (name, code) => {
    if ((await code) !== 0) {
      failed.push(name);
    }
  };
  await step("types", runTsc());
  await step("linter", runBiome());

  const changed = await changedFiles();
  const sources = changed.filter((file) => existsSync(path.join(ROOT, file)));
  const filter = sources.some((file) => file.startsWith("filter/"));
  const slow = SLOW.filter(
    (test) => !changed.includes(test) && !changed.includes(test.replace(".test.ts", ".ts")),
  );
  const without = slow.flatMap((test) => ["--exclude", test]);
  if (filter) {
    await step(
      "filter",
      run(process.execPath, [path.join(PACKAGES, "@as-pect", "cli", "lib", "test.js"), "--summary"]),
    );
  }
  if (sources.length === 0) {
    await step("unit tests", runVitest(["run", ...VITEST, ...without]));
  } else {
    const related = filter ? [...sources, ...READERS_OF_FILTER] : sources;
    await step("unit tests", runVitest(["related", ...related, "--run", ...VITEST, ...without]));
  }
  console.log(`not run, left to npm test: integration, and ${slow.length} slow files of unit tests`);
  if (failed.length > 0) {
    console.error(`failed: ${failed.join(", ")}`);
    return 1;
  }
  return 0;
}

/** Relative to the root. Without a `main` to compare with: what is not committed. */
async function changedFiles() {
  const base = (await git("merge-base", "HEAD", "main"))[0] ?? "HEAD";
  const tracked = await git("diff", "--name-only", base);
  return [...tracked, ...(await git("ls-files", "--others", "--exclude-standard"))];
}

/** The lines that it says; none when it fails. */
function git(...args) {
  return new Promise((resolve) => {
    execFile("git", args, { cwd: ROOT, maxBuffer: 1 << 26 }, (error, stdout) =>
      resolve(error ? [] : stdout.split("\n").filter((line) => line !== "")),
    );
  });
}

process.exitCode = await main();
