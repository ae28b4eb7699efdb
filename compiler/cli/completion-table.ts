/** What can be typed after `sluice`, read from the program itself: what the completions of all shells are made from. */

import type { Argument, Command, Option } from "commander";

/** What may stand in a place: one of some words, the name of a file, or anything. */
export type Expected = { readonly words: readonly string[] } | "file" | "anything";

export interface CompletedOption {
  /** `-r`, without its dash. */
  readonly short?: string;
  /** `--request`, without its dashes. */
  readonly long: string;
  readonly description: string;
  /** Absent for a flag without a value. */
  readonly value?: Expected;
}

export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
  /** Of every argument that is not a flag. */
  readonly argument: Expected;
}

export interface CompletionTable {
  readonly commands: readonly CompletedCommand[];
  /** Those that stand before or after any command. */
  readonly options: readonly CompletedOption[];
}

export function completionTable(program: Command): CompletionTable {
  const names = program.commands.map((command) => command.name());
  const help: CompletedOption = { short: "h", long: "help", description: "print help" };
  return {
    options: [...program.options.map(optionOf), help],
    commands: program.commands.map((command) => ({
      name: command.name(),
      description: command.summary(),
      options: command.options.map(optionOf),
      argument: argumentOf(command.registeredArguments[0], names),
    })),
  };
}

function optionOf({ short, long, description, flags, argChoices }: Option): CompletedOption {
  const placeholder = /[<[](\w+)/.exec(flags)?.[1];
  return {
    ...(short && { short: short.slice(1) }),
    long: long!.slice(2),
    description,
    ...(placeholder !== undefined && { value: expectedOf(placeholder, argChoices) }),
  };
}

/** The placeholder of a value is the one word that says what it is. */
function expectedOf(placeholder: string, choices: readonly string[] | undefined): Expected {
  if (choices !== undefined) {
    return { words: choices };
  }
  return ["file", "files", "dir", "path"].includes(placeholder) ? "file" : "anything";
}

function argumentOf(argument: Argument | undefined, commands: readonly string[]): Expected {
  if (argument === undefined) {
    return "anything";
  }
  if (argument.argChoices !== undefined) {
    return { words: argument.argChoices };
  }
  return argument.name() === "command" ? { words: commands } : "file";
}
