/** Checks the rules, asks their tests, and compares them with the base: annotations, outputs, and the job's summary. */

import { createHash } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type AnnotationProperties, error, info, notice, setFailed, setOutput, warning } from "@actions/core";
import {
  type CheckResult,
  type CoverageReport,
  formatDiff,
  formatFailure,
  isDifferent,
  type JsonDiagnostic,
} from "../../compiler/index.ts";
import { Repository } from "./base.ts";
import { changesSince } from "./changes.ts";
import { readPullRequest } from "./event.ts";
import { type Inputs, readInputs } from "./inputs.ts";
import { askSluice } from "./sluice.ts";
import { writeSummary } from "./summary.ts";

const ANNOTATE = { error, warning, info: notice } as const;

export async function rulesStep(): Promise<void> {
  const inputs = readInputs();
  const workspace = process.env.GITHUB_WORKSPACE || process.cwd();
  if (!(await check(inputs, workspace))) {
    info("Tests and comparison did not run: the rules have errors");
    return;
  }
  if (inputs.cases.length > 0) {
    await test(inputs, workspace);
  }
  if (inputs.diff) {
    await compare(inputs, workspace);
  }
}

interface CheckReport {
  readonly diagnostics: readonly JsonDiagnostic[];
  readonly summary: { readonly errors: number; readonly warnings: number };
}

/** Whether the others have rules to work with. */
async function check(inputs: Inputs, workspace: string): Promise<boolean> {
  const args = ["check", ...options(inputs), ...inputs.rules];
  const { code, json } = await askSluice<CheckReport>(args, workspace);
  for (const { level, code, message, help, ...place } of json.diagnostics) {
    const text = help === undefined ? message : `${message}\n${help}`;
    ANNOTATE[level as keyof typeof ANNOTATE](text, { title: code, ...placeOf(place) });
  }
  const { errors, warnings } = json.summary;
  setOutput("errors", errors);
  setOutput("warnings", warnings);
  const found = `sluice check: ${count(errors, "error")}, ${count(warnings, "warning")}`;
  if (code !== 0) {
    setFailed(found);
  } else {
    info(found);
  }
  await writeSummary(`### ${found}\n`);
  return errors === 0;
}

/** Columns are allowed on one line only. */
function placeOf({ file, line, column, endLine, endColumn }: Partial<JsonDiagnostic>): AnnotationProperties {
  if (file === undefined || line === undefined || endLine === undefined) {
    return {};
  }
  const columns = line === endLine ? { startColumn: column!, endColumn: endColumn! } : {};
  return { file, startLine: line, endLine, ...columns };
}

interface TestReport {
  readonly diagnostics: readonly JsonDiagnostic[];
  readonly checks?: readonly CheckResult[];
  readonly coverage?: CoverageReport;
}

async function test(inputs: Inputs, workspace: string): Promise<void> {
  const { coverageThreshold } = inputs;
  const threshold = coverageThreshold === undefined ? [] : ["--coverage-threshold", coverageThreshold];
  const args = ["test", ...options(inputs), ...inputs.rules, ...threshold, "--cases", ...inputs.cases];
  const { code, json } = await askSluice<TestReport>(args, workspace);
  if (json.checks === undefined) {
    for (const { code, message, ...place } of json.diagnostics) {
      error(message, { title: code, ...placeOf(place) });
    }
    setFailed("sluice test: the cases have errors");
    return;
  }
  const failures = json.checks.filter(({ ok }) => !ok);
  for (const failure of failures) {
    error(formatFailure(failure).join("\n"), {
      title: `${failure.case}, check ${failure.check}`,
      file: failure.file,
      startLine: failure.line,
      startColumn: failure.column,
    });
  }
  const passed = json.checks.length - failures.length;
  setOutput("passed", passed);
  setOutput("failed", failures.length);
  const lines = [`sluice test: ${passed} passed, ${failures.length} failed`, ...coverageLines(json.coverage)];
  if (code === 0) {
    info(lines.join("\n"));
  } else {
    setFailed(
      [...lines, ...(coverageThreshold ? [`the threshold is ${coverageThreshold} %`] : [])].join("\n"),
    );
  }
  const details = lines.slice(1).map((line) => `- ${line}\n`);
  await writeSummary(`### ${lines[0]}\n${details.length > 0 ? "\n" : ""}${details.join("")}`);
}

function coverageLines(coverage: CoverageReport | undefined): string[] {
  if (coverage === undefined) {
    return [];
  }
  return (["rules", "matches", "destinations"] as const).map(
    (what) => `coverage of ${what}: ${coverage[what].percent} %`,
  );
}

async function compare(inputs: Inputs, workspace: string): Promise<void> {
  const repository = new Repository(workspace);
  const pullRequest = await readPullRequest();
  const commit = await repository.base(inputs.base, pullRequest);
  if (commit === undefined) {
    info("sluice diff did not run: the event is not a pull request, and no base is given");
    return;
  }
  const changes = await changesSince(commit, inputs, repository, workspace);
  const from = `<sub>${commit.slice(0, 10)} is the base; the rules are ${inputs.rules.map(inCode).join(", ")}</sub>\n`;
  let text: string;
  if ("wrong" in changes) {
    const first = changes.wrong.find(({ level }) => level === "error");
    warning(`sluice diff: the rules of the base have errors, so nothing can be compared: ${first?.message}`);
    text = "### Sluice: the rules of the base have errors, so nothing can be compared\n";
  } else {
    text = formatDiff(changes.report, { format: "markdown" });
    setOutput("differences", changes.report.differences.length);
    info(`sluice diff: ${text.split("\n")[0]!.replace(/^### Sluice: /, "")}`);
  }
  const folder = await mkdtemp(path.join(process.env.RUNNER_TEMP || os.tmpdir(), "sluice-comment-"));
  const file = path.join(folder, "diff.md");
  await writeFile(file, `${text}\n${from}`);
  setOutput("diff_file", file);
  setOutput("changed", "wrong" in changes || isDifferent(changes.report) || changes.report.cuts.length > 0);
  // One comment for each set of rules: a workflow may look at several.
  setOutput("subject", createHash("sha256").update(inputs.rules.join("\n")).digest("hex").slice(0, 12));
  await writeSummary(`${text}\n${from}`);
}

function options({ config, strict }: Inputs): string[] {
  return [...(config === undefined ? [] : ["--config", config]), ...(strict ? ["--strict"] : [])];
}

function inCode(text: string): string {
  return `<code>${text.replace(/&/g, "&amp;").replace(/</g, "&lt;")}</code>`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
