/** What every command is registered with: `add…Command(program, context)` in the command's own file. */

import { Option } from "commander";
import type { ExitCode } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

export interface CommandContext {
  readonly terminal: Terminal;
  /** Takes the exit code that the command ends with. */
  done(code: ExitCode): void;
}

/** What `--help` says of inputs. */
export const PATHS = "YAML files, and directories of them; - is standard input";

/** `--verbose`, of commands whose text folds long lists. */
export function verboseOption(): Option {
  return new Option("--verbose", "print long lists in full");
}

/** `--format`, text unless told otherwise. */
export function formatOption(formats: readonly string[] = ["text", "json"]): Option {
  return new Option("--format <format>", "output format").choices(formats).default("text");
}

/** Of a flag that may be repeated. */
export function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}
