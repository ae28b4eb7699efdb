/** `sluice check`: what is wrong with rules, and nothing else. */

import { compile } from "../compile.ts";
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
  await compile(options.paths, options.proxy, report, progress);
  progress.done();
  terminal.out(flags.format === "json" ? report.renderJson() : report.renderText(terminal.outColors));
  return report.hasErrors ? EXIT.rules : EXIT.ok;
}
