/** `sluice completion`: what makes a shell complete commands, options and their values. */

import { Argument, type Command } from "commander";
import type { CommandContext } from "./command.ts";
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from "./completion-scripts.ts";
import { completionTable } from "./completion-table.ts";
import { EXIT } from "./exit.ts";

export function addCompletionCommand(program: Command, { terminal, done }: CommandContext): void {
  program
    .command("completion")
    .summary("print a completion script for a shell")
    .description("Prints a completion script for a shell: commands, options, and the values of options.")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .addHelpText(
      "after",
      [
        "",
        "To install it:",
        "  bash  echo 'eval \"$(sluice completion bash)\"' >> ~/.bashrc",
        "  zsh   sluice completion zsh > FOLDER/_sluice, where FOLDER is one of $fpath",
        "  fish  sluice completion fish > ~/.config/fish/completions/sluice.fish",
      ].join("\n"),
    )
    .action((shell: Shell) => {
      terminal.out(COMPLETION_SCRIPTS[shell](completionTable(program)));
      done(EXIT.ok);
    });
}
