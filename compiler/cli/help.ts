/** `sluice help`: the same as `--help`, of the program or of a command. Commander's own says nothing of an unknown one. */

import type { Command } from "commander";

export function addHelpCommand(program: Command): void {
  program
    .command("help")
    .summary("print help for a command")
    .description("Prints help for a command, or a list of all commands.")
    .argument("[command]", "name of a command")
    .action(async (name?: string) => {
      if (name === undefined) {
        program.help();
      }
      const found = program.commands.find((command) => command.name() === name);
      if (found !== undefined) {
        found.help();
      }
      // Refused as it would be as a command, with the name that is most like it.
      await program.parseAsync([name], { from: "user" });
    });
}
