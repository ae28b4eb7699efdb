/** `sluice check`: what is wrong with rules, and nothing else. */

import type { Command } from "commander";
import { check, formatDiagnostics } from "../index.ts";
import { explainCodes } from "./code-guide.ts";
import { type CommandContext, formatOption, PATHS, verboseOption } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import type { Format } from "./format.ts";
import {
  addClusterOptions,
  type ClusterFlags,
  noteMissing,
  openRules,
  readRulesOptions,
} from "./kubernetes-options.ts";
import { progressBar } from "./progress-bar.ts";
import { addProxyOptions, type ProxyFlags } from "./proxy-options.ts";
import type { Terminal } from "./terminal.ts";

export interface CheckFlags extends ProxyFlags, ClusterFlags {
  readonly format: Format | "sarif" | "github";
  readonly explain?: string;
  readonly verbose?: true;
}

export function addCheckCommand(program: Command, { terminal, done }: CommandContext): void {
  const command = addProxyOptions(
    program
      .command("check")
      .summary("check rules for errors and likely mistakes")
      .description("Checks rules for errors and likely mistakes. Writes nothing.")
      .argument("[paths...]", PATHS)
      .option("--explain <code>", "explain a code: SL0401, one of Istio's such as IST0101, or all"),
  );
  addClusterOptions(command)
    .addOption(verboseOption())
    .addOption(formatOption(["text", "json", "sarif", "github"]))
    .action(async (paths, flags) => done(await checkCommand(paths, flags, terminal)));
}

async function checkCommand(
  paths: readonly string[],
  flags: CheckFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  if (flags.explain !== undefined) {
    if (flags.format !== "text" && flags.format !== "json") {
      throw new UsageError(`--explain: --format ${flags.format} is not supported here; use text or json`);
    }
    terminal.out(explainCodes(flags.explain, flags.format, terminal.outColors));
    return EXIT.ok;
  }
  const options = await readRulesOptions(paths, flags);
  const rules = openRules(options, noteMissing(terminal));
  const progress = progressBar(terminal);
  const findings = await check({
    source: rules.source,
    proxy: options.proxy,
    strict: options.strict,
    quiet: options.quiet,
    progress,
  }).finally(rules.close);
  progress.done();
  const found = formatDiagnostics(findings, {
    ...terminal.outLook,
    format: flags.format,
    verbose: flags.verbose ?? false,
  });
  terminal.out(found === "" && flags.format === "text" && !options.quiet ? "no problems found\n" : found);
  return findings.hasErrors ? EXIT.rules : EXIT.ok;
}
