/** `sluice serve`: serves rules to a fleet of Envoys, and brings each of them from one revision to the next. */

import type { Command } from "commander";
import { createWorkspace, Fleet, files, fleetRules, serveFleet } from "../index.ts";
import { type CommandContext, formatOption, PATHS } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import type { Format } from "./format.ts";
import { addProxyOptions, type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import { ServeVoice } from "./serve-voice.ts";
import { untilTold } from "./signals.ts";
import type { Terminal } from "./terminal.ts";

export interface ServeFlags extends ProxyFlags {
  readonly listen: string;
  readonly maxStreams?: string;
  readonly format: Format;
}

export function addServeCommand(program: Command, { terminal, done }: CommandContext): void {
  addProxyOptions(
    program
      .command("serve")
      .summary("serve rules to a fleet of Envoys")
      .description("Serves rules to a fleet of Envoys, and keeps them up to date, until Ctrl-C.")
      .argument("[paths...]", PATHS)
      .option("--listen <addr:port>", "where proxies reach this server", "127.0.0.1:15010")
      .option("--max-streams <n>", "how many proxies this server serves; others are sent away"),
  )
    .addOption(formatOption())
    .action(async (paths, flags) => done(await serveCommand(paths, flags, terminal)));
}

async function serveCommand(
  paths: readonly string[],
  flags: ServeFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const options = await readCommonOptions(paths, flags);
  if (options.paths.includes("-")) {
    throw new UsageError("serve cannot watch standard input; name files or directories");
  }
  const mostStreams = readMostStreams(flags.maxStreams);
  const voice = new ServeVoice(terminal, flags.format);
  const workspace = createWorkspace({
    source: files(options.paths, options),
    proxies: { fleet: options.proxy },
    strict: options.strict,
    quiet: options.quiet,
  });
  terminal.outliveReaders();
  try {
    const fleet = await Fleet.create({ rules: fleetRules(workspace), onEvent: (event) => voice.tell(event) });
    await fleet.start();
    const server = await serveFleet({
      fleet,
      listen: flags.listen,
      ...(mostStreams !== undefined && { mostStreams }),
      onProblem: (line) => voice.problem(line),
    });
    voice.listening(flags.listen, server.port);
    try {
      await untilTold();
    } finally {
      server.close();
      await fleet.close();
    }
    return EXIT.ok;
  } finally {
    await workspace.dispose();
  }
}

function readMostStreams(text: string | undefined): number | undefined {
  if (text === undefined) {
    return undefined;
  }
  if (!/^[1-9]\d{0,6}$/.test(text)) {
    throw new UsageError(`--max-streams: "${text}" is not valid; use a number from 1 to 9999999`);
  }
  return Number(text);
}
