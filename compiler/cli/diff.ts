/** `sluice diff`: which requests a change of rules decides differently. */

import type { Command } from "commander";
import {
  diff,
  files,
  formatDiagnostics,
  formatDiff,
  isDifferent,
  overlay,
  type RuleSource,
  readOnce,
} from "../index.ts";
import { type CommandContext, formatOption, verboseOption } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { jsonOf } from "./format.ts";
import { sayHeld } from "./held-voice.ts";
import {
  addClusterOptions,
  type ClusterFlags,
  noteMissing,
  openCluster,
  type RulesOptions,
  readRulesOptions,
} from "./kubernetes-options.ts";
import { progressBar } from "./progress-bar.ts";
import { addProxyOptions, type ProxyFlags } from "./proxy-options.ts";
import { ruleFiles, underMeshConfig } from "./rule-files.ts";
import type { Terminal } from "./terminal.ts";

export interface DiffFlags extends ProxyFlags, ClusterFlags {
  readonly format: "text" | "json" | "markdown";
  readonly exitCode?: boolean;
  readonly verbose?: true;
}

export function addDiffCommand(program: Command, { terminal, done }: CommandContext): void {
  const command = addProxyOptions(
    program
      .command("diff")
      .summary("show which requests a change of rules affects")
      .description(
        "Shows which requests two sets of rules decide differently, with one example request for each difference. " +
          "The comparison covers everything that rules can match on, so it misses no difference. Where a complete search would " +
          "take too long, it says so. With --kubernetes, it shows what applying files would change.",
      )
      .argument(
        "<old>",
        "YAML file or directory of the old rules; - is standard input; with --kubernetes, what would be applied",
      )
      .argument("[new]", "YAML file or directory of the new rules; - is standard input")
      .option("--exit-code", "exit with code 1 if there are differences"),
  );
  addClusterOptions(command)
    .addOption(verboseOption())
    .addOption(formatOption(["text", "json", "markdown"]))
    .action(async (before, after, flags) => done(await diffCommand(before, after, flags, terminal)));
}

export async function diffCommand(
  first: string,
  second: string | undefined,
  flags: DiffFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const options = await readRulesOptions([first, ...(second === undefined ? [] : [second])], flags);
  const sides = openSides(first, second, options, terminal);
  const progress = progressBar(terminal);
  const result = await diff({
    before: sides.before,
    after: sides.after,
    proxy: options.proxy,
    strict: options.strict,
    quiet: options.quiet,
    progress,
  }).finally(sides.close);
  progress.done();
  const { report, held } = result;
  sayHeld(held, terminal);
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

interface Sides {
  readonly before: RuleSource;
  readonly after: RuleSource;
  close(): Promise<void>;
}

/** Two sets of files; or what a cluster has, and the same with files laid over it. */
function openSides(
  first: string,
  second: string | undefined,
  options: RulesOptions,
  terminal: Terminal,
): Sides {
  if (options.cluster === undefined) {
    if (second === undefined) {
      throw new UsageError(
        "diff compares two sets of rules; name the old and the new ones, or use --kubernetes",
      );
    }
    if (first === "-" && second === "-") {
      throw new UsageError("standard input cannot be both old and new; name a file for one of them");
    }
    return { before: ruleFiles([first], options), after: ruleFiles([second], options), async close() {} };
  }
  if (second !== undefined) {
    throw new UsageError(
      "with --kubernetes, the old rules are those of the cluster; name only what would be applied",
    );
  }
  const { client, source, close } = openCluster(
    options.cluster,
    options.proxy.proxyNamespace,
    noteMissing(terminal),
  );
  // Both sides are of one moment: what others change meanwhile is no difference of the files.
  const before = readOnce(source);
  const after = overlay(before, files([first], options), client.defaultNamespace);
  return { before: underMeshConfig(before, options), after: underMeshConfig(after, options), close };
}
