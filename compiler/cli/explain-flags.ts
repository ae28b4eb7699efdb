/** The flags of `sluice explain`. */

import type { Command } from "commander";
import { type CommandContext, formatOption, PATHS, verboseOption } from "./command.ts";
import { explainCommand } from "./explain.ts";
import { addClusterOptions } from "./kubernetes-options.ts";
import { addProxyOptions } from "./proxy-options.ts";

export function addExplainCommand(program: Command, { terminal, done }: CommandContext): void {
  const command = addProxyOptions(
    program
      .command("explain")
      .summary("show how a request or a connection is routed, and why")
      .description(
        "Shows how a request is routed, and why: each rule that is tried, its conditions and the request's values, and what " +
          "the matching rule does. The decision is made by the same filter.wasm that Envoy runs. Of a connection without HTTP " +
          "(tcp://host:port, tls://server.name), it shows the listener and the filter chain that take it, and where it goes.",
      )
      .argument(
        "[paths...]",
        `${PATHS}; an address such as http://reviews/, tcp://db:5432 or tls://shop.example is the question`,
      )
      .option(
        "-r, --request <line>",
        "the request: 'GET http://host/path'; or tcp://host:port, tls://server.name",
      )
      .option(
        "-H, --header <line>",
        "a header of the request, 'name: value'; repeatable",
        (line, before?: string[]) => [...(before ?? []), line],
      )
      .option("--curl <command>", "the request as a curl command line")
      .option(
        "--from <address>",
        "the address of the client, before all proxies (default: the request as it reaches the listener, from 127.0.0.1)",
      )
      .option(
        "--jwt <token>",
        "a token of the request, or the file that has it, or - for standard input; sent where the rules look for one",
      )
      .option("--claims <json>", 'claims of a token that is taken to be verified, \'{"sub": "ada"}\'')
      .option("--http2", "send the request over HTTP/2 instead of HTTP/1.1")
      .option("--alpn <protocols>", "what a tls:// client proposes by ALPN, such as h2,http/1.1 or istio")
      .option(
        "--to <address>",
        "the address that a connection is opened to (default: that of the host, as far as the rules say it)",
      )
      .option(
        "--at <listener>",
        "the listener that receives it, such as mesh or gateway_80 (default: one that serves the host, or the port)",
      ),
  );
  addClusterOptions(command)
    .addOption(verboseOption())
    .addOption(formatOption())
    .addHelpText(
      "after",
      [
        "",
        "Examples:",
        "  sluice explain rules/ --request 'GET http://reviews/' -H 'end-user: jason'",
        '  sluice explain rules/ --curl "curl -X POST http://shop.example/cart -d a=1"',
        "  sluice explain --kubernetes http://reviews/",
        "  sluice explain rules/ --mesh-listeners tcp://db.shop:5432",
      ].join("\n"),
    )
    .action(async (inputs, flags) => done(await explainCommand(inputs, flags, terminal)));
}
