/** `sluice diff`: which requests a change of rules decides differently. */

import type { Command } from "commander";
import { diff, files, formatDiagnostics, formatDiff, isDifferent } from "../index.ts";
import { type CommandContext, formatOption, verboseOption } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { jsonOf } from "./format.ts";
import { progressBar } from "./progress-bar.ts";
import { addProxyOptions, type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import type { Terminal } from "./terminal.ts";

export interface DiffFlags extends ProxyFlags {
  readonly format: "text" | "json" | "markdown";
  readonly exitCode?: boolean;
  readonly verbose?: true;
}

export function addDiffCommand(program: Command, { terminal, done }: CommandContext): void {
  addProxyOptions(
    program
      .command("diff")
      .summary("show which requests a change of rules affects")
      .description(
        "Shows which requests two sets of rules decide differently, with one example request for each difference. " +
          "The comparison covers everything that rules can match on, so it misses no difference. Where a complete search would " +
          "take too long, it says so.",
      )
      .argument("<old>", "YAML file or directory of the old rules; - is standard input")
      .argument("<new>", "YAML file or directory of the new rules; - is standard input")
      .option("--exit-code", "exit with code 1 if there are differences"),
  )
    .addOption(verboseOption())
    .addOption(formatOption(["text", "json", "markdown"]))
    .action(async (before, after, flags) => done(await diffCommand(before, after, flags, terminal)));
}

export async function diffCommand(
  before: string,
  after: string,
  flags: DiffFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  if (before === "-" && after === "-") {
    throw new UsageError("standard input cannot be both old and new; name a file for one of them");
  }
  const options = await readCommonOptions([before, after], flags);
  const progress = progressBar(terminal);
  const result = await diff({
    before: files([before], options),
    after: files([after], options),
    proxy: options.proxy,
    strict: options.strict,
    quiet: options.quiet,
    progress,
  });
  progress.done();
  const { report } = result;
  if (report === undefined) {
    const wrong = result.before.hasErrors ? result.before : result.after;
    if (flags.format === "json") {
      terminal.out(jsonOf(wrong));
    } else {
      terminal.err(formatDiagnostics(wrong, terminal.errLook));
    }
    return EXIT.rules;
  }
  if (flags.format === "json") {
    terminal.out(`${JSON.stringify(report, null, 2)}\n`);
  } else {
    terminal.out(
      formatDiff(report, {
        ...terminal.outLook,
        format: flags.format,
        verbose: flags.verbose ?? false,
      }),
    );
  }
  return flags.exitCode && isDifferent(report) ? EXIT.rules : EXIT.ok;
}
