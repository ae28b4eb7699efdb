/** The flags of `sluice explain`. */

import type { Command } from "commander";
import { type CommandContext, formatOption, PATHS } from "./command.ts";
import { explainCommand } from "./explain.ts";
import { addProxyOptions } from "./proxy-options.ts";

export function addExplainCommand(program: Command, { terminal, done }: CommandContext): void {
  addProxyOptions(
    program
      .command("explain")
      .summary("say what becomes of a request, and why")
      .description(
        "Says what becomes of a request, and why: each rule that is tried, what it wants and what it got, and what the\n" +
          "rule that takes the request does with it. Decided by the same filter.wasm that Envoy runs.",
      )
      .argument("[paths...]", PATHS)
      .option("-r, --request <line>", "the request: 'GET http://host/path'")
      .option(
        "-H, --header <line>",
        "a header of it, 'name: value'; repeatable",
        (line, before?: string[]) => [...(before ?? []), line],
      )
      .option("--curl <command>", "the request as a curl command line")
      .option("--http2", "asked over HTTP/2 instead of HTTP/1.1")
      .option(
        "--at <listener>",
        "the listener that is asked: mesh, gateway_80 (default: one that knows the host)",
      ),
  )
    .addOption(formatOption())
    .addHelpText(
      "after",
      [
        "",
        "Examples:",
        "  sluice explain rules/ --request 'GET http://reviews/' -H 'end-user: jason'",
        '  sluice explain rules/ --curl "curl -X POST http://shop.example/cart -d a=1" --at gateway_80',
      ].join("\n"),
    )
    .action(async (inputs, flags) => done(await explainCommand(inputs, flags, terminal)));
}
