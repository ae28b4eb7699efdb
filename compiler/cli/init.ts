/** `sluice init`: a first rule set, and what to do with it. */

import path from "node:path";
import type { Command } from "commander";
import { FilesInTheWayError, init } from "../index.ts";
import type { CommandContext } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

const NEXT = [
  ["sluice check --config sluice.yaml", "find mistakes"],
  ["sluice test --config sluice.yaml --cases tests", "check that requests are routed as expected"],
  [
    "sluice explain --config sluice.yaml -r 'GET http://shop.example/' -H 'x-beta: yes'",
    "show how a request is routed, and why",
  ],
  ["sluice run --config sluice.yaml --watch", "run an Envoy with the rules"],
  [
    "curl -H 'Host: shop.example' http://127.0.0.1:8080/hello",
    "a rule answers; the others need a service on port 9001 or 9002",
  ],
] as const;

export function addInitCommand(program: Command, { terminal, done }: CommandContext): void {
  program
    .command("init")
    .summary("write a small rule set to begin with")
    .description(
      "Writes a small rule set to begin with: a service with two versions, a canary, a gateway, test cases and a sluice.yaml. " +
        "Never overwrites a file.",
    )
    .argument("[dir]", "folder to write to, which need not exist", ".")
    .action(async (directory: string) => done(await initCommand(directory, terminal)));
}

async function initCommand(directory: string, terminal: Terminal): Promise<ExitCode> {
  if (directory === "") {
    throw new UsageError("no folder; name one, or leave it out for the current one");
  }
  const { written } = await init(directory).catch((error: unknown) => {
    throw error instanceof FilesInTheWayError ? new UsageError(error.message) : error;
  });
  const { green, cyan, dim } = terminal.outColors;
  const isHere = path.resolve(directory) === process.cwd();
  terminal.out(
    [
      ...written.map((file) => `${green("wrote")} ${file}`),
      "",
      "Next:",
      ...(isHere ? [] : [`  ${cyan(`cd ${quoted(directory)}`)}`]),
      ...NEXT.flatMap(([command, does]) => [`  ${cyan(command)}`, dim(`      ${does}`)]),
      "",
    ].join("\n"),
  );
  return EXIT.ok;
}

/** As a shell takes it. */
function quoted(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
