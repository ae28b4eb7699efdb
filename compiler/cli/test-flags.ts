/** The flags of `sluice test`. */

import type { Command } from "commander";
import { type CommandContext, formatOption, PATHS } from "./command.ts";
import { addProxyOptions } from "./proxy-options.ts";
import { testCommand } from "./test.ts";

export function addTestCommand(program: Command, { terminal, done }: CommandContext): void {
  addProxyOptions(
    program
      .command("test")
      .summary("ask requests of rules, and hold what comes of them against case files")
      .description(
        "Asks requests of rules and holds what comes of them against case files: offline, by the same filter.wasm that\n" +
          "Envoy runs, or with --envoy in a real one. Every upstream is a stand-in that answers 200.",
      )
      .argument("[paths...]", PATHS)
      .option("--cases <files...>", "files and directories of cases; see `sluice schema cases`")
      .option("--envoy", "ask a real Envoy")
      .option("--coverage", "also print which rules, matches and destinations no case reached")
      .option("--coverage-threshold <percent>", "fail when fewer of them are reached"),
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
