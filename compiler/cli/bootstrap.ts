/** `sluice bootstrap`: what a stock Envoy is started with to join a fleet. */

import { rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Command } from "commander";
import { JOIN_OPTIONS, type JoinFlags, type JoinOptions } from "../fleet/join/options.ts";
import { joinProblem } from "../fleet/join/problem.ts";
import {
  bytesOf,
  type FileContents,
  type FleetBootstrapOptions,
  fleetBootstrap,
  makeDirectory,
} from "../index.ts";
import { flagOf, mapTable } from "../options/option.ts";
import { type CommandContext, collect } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { flagFor } from "./proxy-options.ts";
import type { Terminal } from "./terminal.ts";
import { readToken } from "./token-file.ts";

export interface BootstrapFlags extends JoinFlags {
  readonly server: readonly string[];
  readonly tokenFile?: string;
  readonly out?: string;
}

const OWNER_ONLY = 0o600;

export function addBootstrapCommand(program: Command, { terminal, done }: CommandContext): void {
  const command = program
    .command("bootstrap")
    .summary("write the bootstrap with which a stock Envoy joins a fleet")
    .description(
      "Writes the bootstrap with which a stock Envoy joins the fleet of `sluice serve`. It names the servers, and what the " +
        "proxy says of itself; everything else the server tells it.",
    )
    .requiredOption(
      "--server <addr:port>",
      "address of a server, or unix:PATH of one on this machine; repeatable, any will do",
      collect,
    )
    .option("--token-file <file>", "file with the bearer token that the server knows the proxy by")
    .option("-o, --out <file>", "file to write (default: standard output)");
  for (const [key, entry] of Object.entries(JOIN_OPTIONS)) {
    const flag = flagFor(key, entry, entry.default);
    command.addOption(key === "id" ? flag.makeOptionMandatory() : flag);
  }
  command.action(async (flags) => done(await bootstrapCommand(flags, terminal)));
}

async function bootstrapCommand(flags: BootstrapFlags, terminal: Terminal): Promise<ExitCode> {
  const { out } = flags;
  const options = readFlags(flags);
  if (out === undefined && options.tlsCa !== undefined) {
    throw new UsageError(
      "--tls-ca needs --out: beside the bootstrap lie files by which Envoy follows changed certificates",
    );
  }
  const files = fleetBootstrap(options);
  if (out === undefined) {
    for (const contents of files.values()) {
      terminal.out(Buffer.from(bytesOf(contents)).toString());
    }
    return EXIT.ok;
  }
  const directory = path.dirname(path.resolve(out));
  await makeDirectory(directory);
  // The bootstrap comes last: an Envoy that is started with it finds the others.
  for (const [name, contents] of [...files].reverse()) {
    await replace(path.join(directory, name), contents, options.token === undefined ? undefined : OWNER_ONLY);
  }
  const { green, dim } = terminal.outColors;
  for (const name of files.keys()) {
    terminal.out(`${green("wrote")} ${path.join(path.dirname(out), name)}\n`);
  }
  terminal.out(`  ${dim(`envoy -c ${out}`)}\n`);
  return EXIT.ok;
}

function readFlags({ server, tokenFile, out, ...flags }: BootstrapFlags): FleetBootstrapOptions {
  const join = mapTable(JOIN_OPTIONS, ({ kind }, key) => {
    const given = flags[key as keyof JoinFlags];
    return given === undefined
      ? undefined
      : kind.read(given, (message) => {
          throw new UsageError(`${flagOf(key)}: ${message}`);
        });
  }) as JoinOptions;
  const token = tokenFile === undefined ? undefined : readToken(tokenFile);
  const options = {
    ...join,
    server,
    ...(token !== undefined && { token }),
    ...(out !== undefined && { file: path.resolve(out) }),
  };
  const problem = joinProblem(options, flagOf);
  if (problem !== undefined) {
    throw new UsageError(problem);
  }
  return options;
}

/** An Envoy that is started meanwhile reads the old file or the new one. */
async function replace(file: string, contents: FileContents, mode: number | undefined): Promise<void> {
  const next = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(next, bytesOf(contents), { flag: "wx", mode });
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
}
