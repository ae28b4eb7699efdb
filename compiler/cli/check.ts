/** `sluice check`: what is wrong with rules, and nothing else. */

import { hintAtCheaperTarget } from "../answers/check/cheaper-target.ts";
import { checkRules } from "../answers/check/check.ts";
import { type Format, Report } from "../diagnostics/render/report.ts";
import { packageRoot } from "../platform/package-root.ts";
import { explainCodes } from "./code-guide.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { progressBar } from "./progress-bar.ts";
import { type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import type { Terminal } from "./terminal.ts";

export interface CheckFlags extends ProxyFlags {
  readonly format: Format | "sarif" | "github";
  readonly explain?: string;
}

export async function checkCommand(
  paths: readonly string[],
  flags: CheckFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  if (flags.explain !== undefined) {
    if (flags.format !== "text" && flags.format !== "json") {
      throw new UsageError(`--explain: codes are printed as text or json, not as ${flags.format}`);
    }
    terminal.out(explainCodes(flags.explain, flags.format, terminal.outColors));
    return EXIT.ok;
  }
  const options = await readCommonOptions(paths, flags, { listenAddress: "0.0.0.0" });
  const report = new Report(options.strict);
  const progress = progressBar(terminal);
  const { config, sources } = await checkRules(options.paths, options.proxy, report, progress);
  progress.done();
  report.reportUselessIgnores(sources);
  // A hint at what is cheaper is of no use to those who still have to find out what is wrong.
  if (report.isClean) {
    hintAtCheaperTarget(config, options.proxy.target, report);
  }
  terminal.out(render(report, flags.format, terminal));
  return report.hasErrors ? EXIT.rules : EXIT.ok;
}

function render(report: Report, format: CheckFlags["format"], terminal: Terminal): string {
  switch (format) {
    case "json":
      return report.renderJson();
    case "sarif":
      return report.renderSarif(packageRoot().version);
    case "github":
      return report.renderGithub();
    case "text":
      return report.renderText(terminal.outColors);
  }
}
