/** The flags that describe a proxy, shared by the commands that compile, and what they become. */

import { type Command, Option } from "commander";
import { type FileOptions, FLAG_OPTIONS } from "../file-options.ts";
import { defaultText, flagOf, type GivenOf, mapTable, type OptionEntry } from "../options/option.ts";
import { DEFAULT_PROXY_OPTIONS, PROXY_OPTIONS, type ProxyOptions } from "../options.ts";
import { collect } from "./command.ts";
import { readConfigFile } from "./config-file.ts";
import { UsageError } from "./exit.ts";

/** What commander collects, to be read by `readProxyOptions`. */
export interface ProxyFlags extends GivenOf<typeof FLAG_OPTIONS> {
  readonly config?: string;
}

/** Defaults that differ from one command to the other. */
export type CommandDefaults = Partial<Pick<ProxyOptions, "listenAddress" | "tap">>;

export interface CommonOptions {
  readonly paths: readonly string[];
  readonly exclude: readonly string[];
  /** The file of the mesh configuration; empty: none was named. */
  readonly meshConfig: string;
  readonly out: string | undefined;
  readonly strict: boolean;
  readonly quiet: boolean;
  readonly proxy: ProxyOptions;
}

/** Options of a call, where paths may be missing. */
export interface ReadOptions extends CommonOptions {
  /** As they were given, of the tables that not every command has. */
  readonly given: FileOptions;
}

export function addProxyOptions(command: Command, defaults: CommandDefaults = {}): Command {
  const base = withDefaults(defaults);
  command.option("--config <file>", "read options from a sluice.yaml; flags take precedence");
  for (const [key, entry] of Object.entries(FLAG_OPTIONS)) {
    for (const flag of flagsFor(key, entry, base[key])) {
      command.addOption(Object.hasOwn(PROXY_OPTIONS, key) ? flag.helpGroup("The proxy:") : flag);
    }
  }
  return command;
}

/** What is on unless said is turned off by a flag; the one that turns it on is there for who has it from a file. */
function flagsFor(key: string, entry: OptionEntry<unknown>, otherwise: unknown): readonly Option[] {
  const flag = flagFor(key, entry, otherwise);
  return otherwise === true && entry.helpOff !== undefined
    ? [flag.hideHelp(), new Option(flagOf(key).replace("--", "--no-"), entry.helpOff)]
    : [flag];
}

/** The flag of an option; `otherwise` is what holds when nothing is said. */
export function flagFor(key: string, entry: OptionEntry<unknown>, otherwise: unknown): Option {
  const { kind, argument, help } = entry;
  const holds = defaultText(entry, otherwise);
  const made = new Option(
    argument === undefined ? flagOf(key) : `${flagOf(key)} <${argument}>`,
    // Not commander's own way to have a default: what was not said must not win over a file.
    holds === undefined ? help : `${help} (default: ${holds})`,
  );
  if (kind.form === "pairs" || kind.form === "texts") {
    made.argParser(collect);
  }
  return kind.choices === undefined ? made : made.choices(kind.choices);
}

/** What a command says that has no input. */
export const NO_INPUT = "no input; name YAML files or directories, or - for standard input";

/** Flags over the configuration file over the defaults. */
export async function readCommonOptions(
  paths: readonly string[],
  flags: ProxyFlags & { readonly out?: string },
  defaults: CommandDefaults = {},
): Promise<CommonOptions> {
  const options = readOptions(paths, flags, defaults);
  if (options.paths.length === 0) {
    throw new UsageError(NO_INPUT);
  }
  return options;
}

/** The same for a command that may do without paths. */
export function readOptions(
  paths: readonly string[],
  flags: ProxyFlags & { readonly out?: string },
  defaults: CommandDefaults = {},
): ReadOptions {
  const file: FileOptions = flags.config === undefined ? {} : readConfigFile(flags.config);
  const given: FileOptions = { ...file, ...definedOnly(flags) };
  return {
    given,
    paths: paths.length > 0 ? paths : (file.paths ?? []),
    exclude: given.exclude ?? [],
    meshConfig: given.meshConfig ?? "",
    out: given.out,
    strict: given.strict ?? false,
    quiet: given.quiet ?? false,
    proxy: readProxyOptions(given, defaults),
  };
}

export function readProxyOptions(given: FileOptions, defaults: CommandDefaults = {}): ProxyOptions {
  const base = withDefaults(defaults);
  return mapTable(PROXY_OPTIONS, ({ kind }, key) => {
    const value = given[key as keyof ProxyOptions];
    if (value === undefined) {
      return base[key];
    }
    return kind.read(value, (message) => {
      throw new UsageError(`${flagOf(key)}: ${message}`);
    });
  }) as unknown as ProxyOptions;
}

function withDefaults(defaults: CommandDefaults): Readonly<Record<string, unknown>> {
  return { ...DEFAULT_PROXY_OPTIONS, ...defaults };
}

function definedOnly<T extends object>(flags: T): Partial<T> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined)) as Partial<T>;
}
