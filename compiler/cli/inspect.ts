/** `sluice inspect`: what is in a routing blob. */

import type { Command } from "commander";
import {
  inspect,
  type ProgramDescription,
  ProgramError,
  readAtMost,
  readStreamAtMost,
  whyUnreadable,
} from "../index.ts";
import { type CommandContext, formatOption } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import type { Format } from "./format.ts";
import type { Colors, Terminal } from "./terminal.ts";

export function addInspectCommand(program: Command, { terminal, done }: CommandContext): void {
  program
    .command("inspect")
    .summary("show the contents of a routing blob")
    .description(
      "Shows the contents of a routing blob, which `sluice build` writes as routes/<listener>.blob.",
    )
    .argument("<blob>", "the file; - is standard input")
    .addOption(formatOption())
    .action(async (file, flags) => done(await inspectCommand(file, flags, terminal)));
}

async function inspectCommand(
  file: string,
  flags: { readonly format: Format },
  terminal: Terminal,
): Promise<ExitCode> {
  const bytes = await readBlob(file);
  let description: ProgramDescription;
  try {
    description = inspect(bytes);
  } catch (error) {
    if (error instanceof ProgramError) {
      terminal.err(`${terminal.errColors.red("error:")} ${file}: ${error.message}\n`);
      return EXIT.rules;
    }
    throw error;
  }
  terminal.out(
    flags.format === "json"
      ? `${JSON.stringify(description, null, 2)}\n`
      : renderDescription(description, terminal.outColors),
  );
  return EXIT.ok;
}

/** Bytes; the program of 40,000 rules has a tenth of it. */
const MAX_FILE_SIZE = 256 * 1024 * 1024;

async function readBlob(file: string): Promise<Uint8Array> {
  try {
    return file === "-"
      ? await readStreamAtMost(process.stdin, MAX_FILE_SIZE)
      : readAtMost(file, MAX_FILE_SIZE);
  } catch (error) {
    throw new UsageError(`${file}: cannot be read: ${whyUnreadable(error)}`);
  }
}

/** Sizes first, then every host with its routes in the order in which they are tried. */
export function renderDescription(description: ProgramDescription, colors: Colors): string {
  const { bold, dim, cyan } = colors;
  const lines = [
    `${bold("routing program")} format ${description.formatVersion}, ${description.size} bytes (unpacked ${description.unpackedSize}), checksum ${description.checksum}`,
    `hosts are matched ${description.ignorePortInHost ? "without" : "with"} the port in the authority`,
    "",
    bold("sections"),
    ...description.sections.map(
      ({ name, offset, size }) => `  ${name.padEnd(10)} ${dim(`at ${offset}`)} ${size} bytes`,
    ),
    "",
    bold("records"),
    ...description.records.map(
      ({ kind, count, size }) => `  ${kind.padEnd(20)} ${count} × ${dim(`${size} bytes`)}`,
    ),
  ];
  for (const [what, names] of [
    ["headers that rules read", description.headers],
    ["query parameters that rules read", description.queryParams],
  ] as const) {
    if (names.length > 0) {
      lines.push("", bold(what), `  ${names.join(", ")}`);
    }
  }
  lines.push("", bold(`virtual hosts (${description.virtualHostCount})`));
  for (const { domains, routes } of description.hosts) {
    lines.push(`  ${cyan(domains.join(", "))}`);
    for (const { index, rule, conditions, fault, outcome } of routes) {
      const when = conditions.length === 0 ? "always" : conditions.join(" and ");
      const what = fault === undefined ? outcome : `${fault}, then ${outcome}`;
      const name = rule === undefined ? "" : ` ${dim(rule)}`;
      lines.push(`    ${dim(String(index + 1).padStart(3))} ${when} → ${what}${name}`);
    }
  }
  return `${lines.join("\n")}\n`;
}
