/** The flags of `sluice test`. */

import type { Command } from "commander";
import { type CommandContext, formatOption, PATHS } from "./command.ts";
import { addProxyOptions } from "./proxy-options.ts";
import { testCommand } from "./test.ts";

export function addTestCommand(program: Command, { terminal, done }: CommandContext): void {
  addProxyOptions(
    program
      .command("test")
      .summary("test rules: check the routing of the requests in case files")
      .description(
        "Sends the requests of case files and checks how the rules route them: offline, with the same filter.wasm that " +
          "Envoy runs, or with --envoy in a real Envoy. Every upstream is a stand-in that answers 200.",
      )
      .argument("[paths...]", PATHS)
      .option("--cases <files...>", "case files, and directories of them; see `sluice schema cases`")
      .option("--envoy", "test in a real Envoy")
      .option("--coverage", "also list the rules, matches and destinations that no case reached")
      .option("--coverage-threshold <percent>", "fail if fewer of them are reached"),
    { listenAddress: "127.0.0.1" },
  )
    .addOption(formatOption(["text", "json", "junit"]))
    .addHelpText(
      "after",
      ["", "Example:", "  sluice test rules/ --cases tests/ --coverage-threshold 90 --format junit"].join(
        "\n",
      ),
    )
    .action(async (inputs, flags) => done(await testCommand(inputs, flags, terminal)));
}
