/** Whether the command line takes a call, without running it: commands, options and the number of arguments. */

import type { Command } from "commander";
import { makeProgram } from "../../compiler/cli/commands.ts";
import { Terminal } from "../../compiler/cli/terminal.ts";

/** What commander says of `sluice ARGS`; `undefined` when there is nothing wrong. */
export function callProblem([name, ...args]: readonly string[]): string | undefined {
  const said: string[] = [];
  const stream = { write: (text: string) => void said.push(text) };
  const program = makeProgram(new Terminal(stream, stream));
  const command = program.commands.find((one) => one.name() === name);
  if (command === undefined) {
    return `unknown command ${name}`;
  }
  // Its name within a sentence.
  if (args.length === 0) {
    return undefined;
  }
  try {
    const { operands, unknown } = command.exitOverride().parseOptions([...args]);
    return unknown.length > 0 ? `unknown option ${unknown[0]}` : missing(command, operands);
  } catch (error) {
    return said.join("") || (error as Error).message;
  }
}

function missing({ registeredArguments: known }: Command, given: readonly string[]): string | undefined {
  if (given.length > known.length && !known.at(-1)?.variadic) {
    return `unexpected ${given.at(-1)}`;
  }
  return known.slice(given.length).some(({ required }) => required) ? "too few arguments" : undefined;
}
