/** `docs/cli.md`: the command line as it describes itself. */

import type { Argument, Command, Option } from "commander";
import { makeProgram } from "../../compiler/cli/commands.ts";
import { CLUSTER_OPTIONS, FLAG_OPTIONS } from "../../compiler/file-options.ts";
import { flagOf } from "../../compiler/options/option.ts";
import { cell, prose } from "./markdown.ts";

/** Options that every command that compiles has; they stand once, at the end. */
const SHARED = new Set(["--config", ...Object.keys(FLAG_OPTIONS).map(flagOf)]);
/** Those of every command that can read a cluster. */
const OF_CLUSTERS = new Set(Object.keys(CLUSTER_OPTIONS).map(flagOf));

export function cliPage(): string {
  const program = makeProgram();
  const commands = program.commands.filter(({ _hidden }: Command & { _hidden?: boolean }) => !_hidden);
  const shared = commands.find(({ options }) => options.some(isShared))!;
  const ofClusters = commands.find(({ options }) => options.some(isOfClusters))!;
  return `${[
    "# Command line",
    "`npm run sluice -- …` in a checkout, `npx sluice …` where the package is installed. Rules are files and directories of YAML or JSON; `-` is standard input.",
    "`sluice` alone names the commands to begin with. It exits with 2: a script that lost its command should notice. `sluice help` lists all commands, and `sluice help COMMAND` the options of one.",
    "| exit code | means |\n|--:|---|\n| 0 | success |\n| 1 | invalid rules, or a failed test |\n| 2 | wrong usage |\n| 3 | a failure of the environment: no Envoy, a port in use, a full disk |",
    ["| command | does |", "|---|---|", ...commands.map(summary)].join("\n"),
    ...commands.map(section),
    "## Options of every command",
    table(program.options),
    "`--color` wins over the environment. Without it, `NO_COLOR` turns colors off, `FORCE_COLOR` turns them on, and otherwise a terminal has them unless `TERM` is `dumb`.",
    "## Options of a proxy",
    "Every command that compiles rules has these options. They can also be written in a file: see [Configuration file](configuration.md).",
    table(shared.options.filter(isShared)),
    "## Options of a cluster",
    "Commands that can take [rules from a cluster](kubernetes.md) have these as well, as flags and in the file.",
    table(ofClusters.options.filter(isOfClusters)),
  ].join("\n\n")}\n`;
}

function summary(command: Command): string {
  return `| [\`sluice ${command.name()}\`](#sluice-${command.name()}) | ${cell(command.summary() || command.description())} |`;
}

function section(command: Command): string {
  const own = command.options.filter((option) => !isShared(option) && !isOfClusters(option));
  const links = [
    ...(command.options.some(isShared) ? ["[options of a proxy](#options-of-a-proxy)"] : []),
    ...(command.options.some(isOfClusters) ? ["[options of a cluster](#options-of-a-cluster)"] : []),
  ];
  return [
    `## sluice ${command.name()}`,
    `\`\`\`text\nsluice ${command.name()} ${command.usage()}\n\`\`\``,
    description(command),
    ...(command.registeredArguments.length > 0 ? [list(command.registeredArguments)] : []),
    ...(own.length > 0 ? [table(own)] : []),
    ...(links.length > 0 ? [`It also has the ${links.join(" and the ")}.`] : []),
    ...trailer(command),
  ].join("\n\n");
}

/** A description; lines that are laid out for the terminal stay so. */
function description(command: Command): string {
  const text = command.description();
  const layout = text.search(/^ {2}/m);
  return layout < 0
    ? prose(text)
    : `${prose(text.slice(0, layout).trimEnd())}\n\n\`\`\`text\n${text.slice(layout)}\n\`\`\``;
}

function list(args: readonly Argument[]): string {
  return args.map((argument) => `* \`${argument.name()}\`: ${prose(argument.description)}`).join("\n");
}

function table(options: readonly Option[]): string {
  const rows = options.map(
    (option) => `| \`${option.flags.replaceAll("|", "\\|")}\` | ${cell(described(option))} |`,
  );
  return ["| option | |", "|---|---|", ...rows].join("\n");
}

function described({
  description,
  argChoices,
  defaultValue,
  defaultValueDescription,
  variadic,
}: Option): string {
  const standard = defaultValueDescription ?? (variadic ? undefined : defaultValue);
  const remarks = [
    ...(argChoices === undefined ? [] : [`one of ${argChoices.map((choice) => `\`${choice}\``).join(", ")}`]),
    ...(standard === undefined || standard === false ? [] : [`default: \`${standard}\``]),
  ];
  return remarks.length === 0 ? description : `${description} (${remarks.join("; ")})`;
}

function isShared({ long }: Option): boolean {
  return SHARED.has(long!);
}

function isOfClusters({ long }: Option): boolean {
  return OF_CLUSTERS.has(long!);
}

/** What `--help` says behind the options: examples and notes. */
function trailer(command: Command): string[] {
  const parts: string[] = [];
  command.configureOutput({ writeOut: (part) => void parts.push(part) });
  // They stand once on the page.
  command.configureHelp({ showGlobalOptions: false });
  command.outputHelp();
  const [, after] = parts.join("").split(/^ {2}-h, --help.*$/m);
  return after?.trim() ? [`\`\`\`text\n${after.trim()}\n\`\`\``] : [];
}
