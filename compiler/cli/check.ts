/** `sluice check`: what is wrong with rules, and nothing else. */

import { checkRules } from "../check.ts";
import { hintAtCheaperTarget } from "../cost/hint.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { progressBar } from "./progress-bar.ts";
import { type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import { type Format, Report } from "./report.ts";
import type { Terminal } from "./terminal.ts";

export interface CheckFlags extends ProxyFlags {
  readonly format: Format;
}

export async function checkCommand(
  paths: readonly string[],
  flags: CheckFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const options = await readCommonOptions(paths, flags, { listenAddress: "0.0.0.0" });
  const report = new Report(options.strict);
  const progress = progressBar(terminal);
  const { config } = await checkRules(options.paths, options.proxy, report, progress);
  progress.done();
  // A hint at what is cheaper is of no use to those who still have to find out what is wrong.
  if (report.isEmpty) {
    hintAtCheaperTarget(config, options.proxy.target, report);
  }
  terminal.out(flags.format === "json" ? report.renderJson() : report.renderText(terminal.outColors));
  return report.hasErrors ? EXIT.rules : EXIT.ok;
}
