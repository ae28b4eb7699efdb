/** `sluice test`: asks requests of rules and holds what comes of them against case files. */

import type { Case } from "../answers/cases/case.ts";
import { Coverage, type CoverageReport } from "../answers/cases/coverage.ts";
import type { Observation } from "../answers/cases/judge.ts";
import { askOffline } from "../answers/cases/offline.ts";
import { readCases } from "../answers/cases/read.ts";
import { renderJunit } from "../answers/cases/report-junit.ts";
import { renderCoverage, renderResults } from "../answers/cases/report-text.ts";
import { type CheckResult, resultOf } from "../answers/cases/results.ts";
import { standInHeaders } from "../answers/cases/stand-in.ts";
import { Evaluators } from "../answers/evaluate/evaluator.ts";
import type { AskedRequest } from "../answers/request/asked.ts";
import { loadFilter } from "../answers/wasm-host/filter-vm.ts";
import { type Compilation, compile, readRules } from "../compile.ts";
import { Report } from "../diagnostics/render/report.ts";
import type { ProxyOptions } from "../options.ts";
import { filterModulePath } from "../platform/package-root.ts";
import { EnvoyMesh } from "../run/stand-in/envoy-mesh.ts";
import { readInputs } from "../source/read.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { progressBar } from "./progress-bar.ts";
import { type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
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
    throw new UsageError("no cases: name case files with --cases");
  }
  const options = await readCommonOptions(paths, flags, { listenAddress: "127.0.0.1" });
  if (options.paths.includes("-") && flags.cases.includes("-")) {
    throw new UsageError("standard input is given as rules and as cases; only one can be read from it");
  }
  if (options.proxy.target === "native" && !flags.envoy) {
    throw new UsageError("--target native: only an Envoy decides by that target; add --envoy");
  }
  const report = new Report(options.strict);
  const progress = progressBar(terminal);
  const proxy: ProxyOptions = { ...options.proxy, target: "wasm" };
  // Offline every program is made for the evaluation anyhow.
  const compilation = flags.envoy ? await compile(options.paths, proxy, report, progress) : undefined;
  const reading = flags.envoy ? compilation : await readRules(options.paths, proxy, report, progress);
  progress.done();
  const refuse = () => {
    if (flags.format === "json") {
      terminal.out(report.renderJson());
    } else {
      terminal.err(report.renderText(terminal.errColors));
    }
    return EXIT.rules;
  };
  if (reading === undefined || report.hasErrors) {
    return refuse();
  }

  const { config } = reading;
  const evaluators = new Evaluators(
    loadFilter(filterModulePath()),
    config,
    options.proxy.pathNormalization,
    standInHeaders,
  );
  const caseReport = new Report(false);
  const context = {
    listeners: config.listeners,
    listenerFor: (asked: AskedRequest) => evaluators.listenerFor(asked)?.name,
    proxy: options.proxy,
  };
  const files = await readInputs(flags.cases, caseReport);
  const cases = files.flatMap((file) => readCases(file, context, caseReport));
  if (caseReport.hasErrors) {
    if (flags.format === "json") {
      terminal.out(caseReport.renderJson());
    } else {
      terminal.err(caseReport.renderText(terminal.errColors));
    }
    return EXIT.rules;
  }
  if (cases.length === 0) {
    throw new UsageError(`no case stands in ${flags.cases.join(", ")}`);
  }

  const coverage = new Coverage(config);
  const start = performance.now();
  const results = compilation
    ? await runInEnvoy(cases, evaluators, coverage, compilation, options.proxy, (line) =>
        terminal.err(`${terminal.errColors.dim("sluice:")} ${line}\n`),
      )
    : runOffline(cases, evaluators, coverage);
  const ms = performance.now() - start;
  const covered = flags.coverage || threshold !== undefined ? coverage.report() : undefined;
  const short = covered === undefined || threshold === undefined ? [] : below(covered, threshold);
  const failed = results.some(({ ok }) => !ok) || short.length > 0;
  const errors = short.map((line) => `${terminal.errColors.red("error:")} ${line}\n`).join("");

  switch (flags.format) {
    case "json":
      terminal.out(
        report.renderJson({ checks: results, ...(covered && { coverage: covered }), ok: !failed }),
      );
      break;
    case "junit":
      terminal.out(renderJunit(results));
      if (covered) {
        terminal.err(renderCoverage(covered, terminal.errColors));
      }
      break;
    case "text":
      terminal.err(report.hint());
      terminal.out(
        renderResults(results, terminal.outColors, { how: flags.envoy ? "in Envoy" : "offline", ms }),
      );
      if (covered) {
        terminal.out(renderCoverage(covered, terminal.outColors));
      }
  }
  terminal.err(errors);
  return failed ? EXIT.rules : EXIT.ok;
}

function runOffline(cases: readonly Case[], evaluators: Evaluators, coverage: Coverage): CheckResult[] {
  return cases.flatMap((one) =>
    one.checks.map((check, index) => {
      const start = performance.now();
      const asked = askOffline(evaluators.get(check.at)!, check, (evaluation) => coverage.note(evaluation));
      return resultOf(one, index, check, asked, performance.now() - start);
    }),
  );
}

async function runInEnvoy(
  cases: readonly Case[],
  evaluators: Evaluators,
  coverage: Coverage,
  compilation: Compilation,
  proxy: ProxyOptions,
  log: (line: string) => void,
): Promise<CheckResult[]> {
  const mesh = await EnvoyMesh.start(compilation, proxy, log);
  try {
    const results: CheckResult[] = [];
    for (const one of cases) {
      for (const [index, check] of one.checks.entries()) {
        const start = performance.now();
        // Of the same request offline: which rule takes it.
        const { first, disagreements } = askOffline(evaluators.get(check.at)!, { ...check, times: 1 });
        let observed: Observation[] = [];
        let failure: string | undefined;
        try {
          observed = await mesh.ask(check, first);
        } catch (error) {
          failure = `Envoy did not answer: ${(error as Error).message}`;
        }
        for (const { cluster } of observed) {
          coverage.note(first, cluster);
        }
        const ms = performance.now() - start;
        results.push(resultOf(one, index, check, { first, observed, disagreements }, ms, failure));
      }
    }
    return results;
  } finally {
    await mesh.close();
  }
}

function readThreshold(text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  const value = /^\d{1,3}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= 100)) {
    throw new UsageError(`--coverage-threshold: expected a percentage from 0 to 100, got "${text}"`);
  }
  return value;
}

function below({ rules, matches, destinations }: CoverageReport, threshold: number): string[] {
  return Object.entries({ rules, matches, destinations })
    .filter(([, { percent }]) => percent < threshold)
    .map(([what, { percent }]) => `coverage of ${what} is ${percent} %, and ${threshold} % is asked for`);
}
