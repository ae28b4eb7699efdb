/** `sluice test`: asks requests of rules and holds what comes of them against case files. */

import {
  type CoverageReport,
  files,
  formatCoverage,
  formatDiagnostics,
  formatJunit,
  formatResults,
  formatSummary,
  test,
} from "../index.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { jsonOf } from "./format.ts";
import { progressBar } from "./progress-bar.ts";
import { type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import { ruleFiles } from "./rule-files.ts";
import type { Terminal } from "./terminal.ts";

export interface TestFlags extends ProxyFlags {
  readonly cases?: readonly string[];
  readonly envoy?: boolean;
  readonly coverage?: boolean;
  readonly coverageThreshold?: string;
  readonly format: "text" | "json" | "junit";
}

export async function testCommand(
  paths: readonly string[],
  flags: TestFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const threshold = readThreshold(flags.coverageThreshold);
  if (flags.cases === undefined || flags.cases.length === 0) {
    throw new UsageError("no cases; name case files with --cases");
  }
  const options = await readCommonOptions(paths, flags, { listenAddress: "127.0.0.1" });
  if (options.paths.includes("-") && flags.cases.includes("-")) {
    throw new UsageError("standard input cannot be both rules and cases; name a file for one of them");
  }
  if (options.proxy.target === "native" && !flags.envoy) {
    throw new UsageError("--target native can be tested only in a real Envoy; add --envoy");
  }
  const progress = progressBar(terminal);
  const result = await test({
    source: ruleFiles(options.paths, options),
    proxy: options.proxy,
    strict: options.strict,
    quiet: options.quiet,
    progress,
    cases: files(flags.cases),
    envoy: flags.envoy ?? false,
    coverage: flags.coverage === true || threshold !== undefined,
    log: (line) => {
      progress.done();
      terminal.err(`${terminal.errColors.dim("sluice:")} ${line}\n`);
    },
  });
  progress.done();
  const { findings, caseFindings, checks, coverage, ms } = result;
  const wrong = [findings, caseFindings].find(({ hasErrors }) => hasErrors);
  if (wrong !== undefined) {
    if (flags.format === "json") {
      terminal.out(jsonOf(wrong));
    } else {
      terminal.err(formatDiagnostics(wrong, terminal.errLook));
    }
    return EXIT.rules;
  }
  if (result.cases === 0) {
    throw new UsageError(`no cases in ${flags.cases.join(", ")}`);
  }
  const short = coverage === undefined || threshold === undefined ? [] : below(coverage, threshold);
  const failed = !result.ok || short.length > 0;

  switch (flags.format) {
    case "json":
      terminal.out(jsonOf(findings, { checks, ...(coverage && { coverage }), ok: !failed }));
      break;
    case "junit":
      terminal.out(formatJunit(checks));
      if (coverage) {
        terminal.err(formatCoverage(coverage, terminal.errLook));
      }
      break;
    case "text": {
      terminal.err(formatSummary(findings));
      terminal.out(
        formatResults(checks, { ...terminal.outLook, how: flags.envoy ? "in Envoy" : "offline", ms }),
      );
      if (coverage) {
        terminal.out(formatCoverage(coverage, terminal.outLook));
      }
    }
  }
  for (const line of short) {
    terminal.err(`${terminal.errColors.red("error:")} ${line}\n`);
  }
  return failed ? EXIT.rules : EXIT.ok;
}

function readThreshold(text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const value = /^\d{1,3}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= 100)) {
    throw new UsageError(`--coverage-threshold: "${text}" is not a percentage; use a number from 0 to 100`);
  }
  return value;
}

function below({ rules, matches, destinations }: CoverageReport, threshold: number): string[] {
  return Object.entries({ rules, matches, destinations })
    .filter(([, { percent }]) => percent < threshold)
    .map(
      ([what, { percent }]) => `coverage of ${what} is ${percent} %, below the threshold of ${threshold} %`,
    );
}
