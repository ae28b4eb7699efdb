/** `sluice diff`: which requests a change of rules decides differently. */

import type { Command, Option } from "commander";
import { diffConfigs } from "../answers/diff/diff.ts";
import { renderMarkdown } from "../answers/diff/render-markdown.ts";
import { renderText } from "../answers/diff/render-text.ts";
import { isDifferent, reportOf } from "../answers/diff/report.ts";
import { readRules } from "../compile.ts";
import { Report } from "../diagnostics/render/report.ts";
import type { Config } from "../ir/ir.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { progressBar } from "./progress-bar.ts";
import { addProxyOptions, type CommonOptions, type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import type { Terminal } from "./terminal.ts";

export interface DiffFlags extends ProxyFlags {
  readonly format: "text" | "json" | "markdown";
  readonly exitCode?: boolean;
}

export function addDiffCommand(
  program: Command,
  format: (formats: readonly string[]) => Option,
  terminal: Terminal,
  done: (code: ExitCode) => void,
): void {
  addProxyOptions(
    program
      .command("diff")
      .summary("say which requests a change of rules decides differently")
      .description(
        "Says which requests two sets of rules decide differently, with one request that shows each difference.\n" +
          "What rules can tell apart is compared as a whole, so that no difference is missed; where that would take too\n" +
          "long, it says so.",
      )
      .argument("<old>", "a file or directory of YAML; - is standard input")
      .argument("<new>", "another one")
      .option("--exit-code", "exit 1 when something differs"),
    { listenAddress: "0.0.0.0" },
  )
    .addOption(format(["text", "json", "markdown"]))
    .action(async (before, after, flags) => done(await diffCommand(before, after, flags, terminal)));
}

export async function diffCommand(
  before: string,
  after: string,
  flags: DiffFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  if (before === "-" && after === "-") {
    throw new UsageError("standard input cannot be both sides: name a file");
  }
  const options = await readCommonOptions([before, after], flags, { listenAddress: "0.0.0.0" });
  const old = await readSide(before, options, flags, terminal);
  const now = old === undefined ? undefined : await readSide(after, options, flags, terminal);
  if (old === undefined || now === undefined) {
    return EXIT.rules;
  }
  const report = reportOf(diffConfigs(old, now, options.proxy));
  if (flags.format === "json") {
    terminal.out(`${JSON.stringify(report, null, 2)}\n`);
  } else if (flags.format === "markdown") {
    terminal.out(renderMarkdown(report));
  } else {
    terminal.out(renderText(report, terminal.outColors));
  }
  return flags.exitCode && isDifferent(report) ? EXIT.rules : EXIT.ok;
}

/** `undefined`: the rules of this side are wrong, which was said. */
async function readSide(
  side: string,
  { proxy, strict }: CommonOptions,
  { format }: DiffFlags,
  terminal: Terminal,
): Promise<Config | undefined> {
  const report = new Report(strict);
  const progress = progressBar(terminal);
  const { config } = await readRules([side], proxy, report, progress);
  progress.done();
  if (!report.hasErrors) {
    return config;
  }
  if (format === "json") {
    terminal.out(report.renderJson());
  } else {
    terminal.err(report.renderText(terminal.errColors));
  }
  return undefined;
}
