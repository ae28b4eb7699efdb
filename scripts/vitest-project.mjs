/**
 * Runs a project of Vitest and counts its tests. Tests that wait for other programs can fail because the machine was
 * busy with others; a file of theirs that fails runs once more, by itself, when its project has ended. What passes then is
 * named with the counts, and what failed first stays in the output: it is a fault of the test or a race of the product, and
 * somebody has to find out which. What fails twice has failed.
 */

import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { ROOT } from "./setup.mjs";
import { runVitest } from "./tools.mjs";

/** What the others do depends on nothing but the code. */
const WAITS_FOR_PROGRAMS = new Set(["integration", "docker", "kubernetes", "browser"]);
/** Of more files, the fault is no matter of luck. */
const MOST_FILES_AGAIN = 3;

/**
 * Its counts, with the names of `unsteady` tests. What Vitest says goes to the terminal, or is `said` when it runs `beside`
 * others. One that `givesWay` gets what processor time others leave.
 */
export async function runProject(
  project,
  { files = [], env = {}, beside = false, givesWay = false, vitest = runVitest } = {},
) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "sluice-test-"));
  const output = beside ? await open(path.join(folder, "output"), "w") : undefined;
  const once = async (only, name) => {
    const report = path.join(folder, name);
    const args = ["run", ...only, "--project", project, "--reporter=default", "--reporter=json"];
    const code = await vitest([...args, `--outputFile.json=${report}`], {
      env: { ...process.env, ...env },
      ...(beside && { stdio: ["ignore", output.fd, output.fd] }),
      ...(givesWay && { priority: os.constants.priority.PRIORITY_BELOW_NORMAL }),
    });
    return { code, report: JSON.parse(await readFile(report, "utf8").catch(() => "{}")) };
  };
  try {
    const runs = [await once(files, "report.json")];
    const again = WAITS_FOR_PROGRAMS.has(project) ? filesToRunAgain(runs[0].report) : [];
    if (again.length > 0) {
      runs.push(await once(again, "again.json"));
    }
    const said = beside ? { said: await readFile(path.join(folder, "output"), "utf8") } : {};
    return { ...countsOf(runs), ...said };
  } finally {
    await output?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** None where nothing failed, or too much. */
function filesToRunAgain(report) {
  const failed = filesOf(report)
    .filter(({ status }) => status === "failed")
    .map(({ name }) => name);
  return failed.length <= MOST_FILES_AGAIN ? failed : [];
}

/** Of a file that ran again, what became of it then. */
function countsOf(runs) {
  const files = new Map(runs.flatMap(({ report }) => filesOf(report).map((file) => [file.name, file])));
  const counts = { passed: 0, failed: 0, skipped: 0, unsteady: unsteadyIn(runs) };
  for (const { status, assertionResults } of files.values()) {
    for (const test of assertionResults) {
      counts[test.status in counts ? test.status : "skipped"] += 1;
    }
    // One that does not load has no tests to count.
    if (status === "failed" && !assertionResults.some((test) => test.status === "failed")) {
      counts.failed += 1;
    }
  }
  // An error outside of a test belongs to none.
  if (runs.at(-1).code !== 0 && counts.failed === 0) {
    counts.failed = 1;
  }
  return counts;
}

function unsteadyIn([first, second]) {
  const passedThen = new Set(second === undefined ? [] : testsThat("passed", second.report));
  return testsThat("failed", first.report).filter((name) => passedThen.has(name));
}

function testsThat(became, report) {
  return filesOf(report).flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === became)
      .map(({ fullName }) => `${path.relative(ROOT, name)} > ${fullName}`),
  );
}

function filesOf({ testResults = [] }) {
  return testResults;
}
