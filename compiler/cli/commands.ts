/**
 * The command line as a whole: which commands there are, and what each way of failing means for the exit code. The
 * commands' own work is in a file for each.
 */

import { Command, CommanderError, Option } from "commander";
import { EnvironmentError, ForeignDirectoryError, packageRoot, printable } from "../index.ts";
import { addBootstrapCommand } from "./bootstrap.ts";
import { addBuildCommand } from "./build.ts";
import { addCheckCommand } from "./check.ts";
import { addCompletionCommand } from "./completion.ts";
import { addDiffCommand } from "./diff.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { addExplainCommand } from "./explain-flags.ts";
import { addExportCommand } from "./export.ts";
import { isSystemError } from "./failure.ts";
import { addFleetCommand } from "./fleet.ts";
import { addHelpCommand } from "./help.ts";
import { addInitCommand } from "./init.ts";
import { addInspectCommand } from "./inspect.ts";
import { withoutNextWord } from "./page-option.ts";
import { addRunCommand } from "./run.ts";
import { addSchemaCommand } from "./schema.ts";
import { addServeCommand } from "./serve.ts";
import { addTapCommand } from "./tap.ts";
import { COLOR_CHOICES, processTerminal, type Terminal } from "./terminal.ts";
import { addTestCommand } from "./test-flags.ts";
import { addTopCommand } from "./top.ts";
import { welcome } from "./welcome.ts";

/** Runs a command line (without the program's own name) and gives its exit code. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  if (args.length === 0) {
    // For people; a script that lost its command must notice.
    terminal.err(welcome(terminal.errColors));
    return EXIT.usage;
  }
  let code: ExitCode = EXIT.ok;
  const program = makeProgram(terminal, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(withoutNextWord(args), { from: "user" });
    return code;
  } catch (error) {
    return explainFailure(error, terminal);
  }
}

/** The program with all its commands; who only wants to know what it says of itself hands in nothing. */
export function makeProgram(
  terminal: Terminal = processTerminal(),
  done: (code: ExitCode) => void = () => {},
): Command {
  const program = new Command("sluice")
    .description("Compiles Istio traffic rules into a routing program for a stock Envoy.")
    .version(packageRoot().version, "-v, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .addOption(
      new Option("--color <when>", "color the output: on terminals (auto), always or never")
        .choices(COLOR_CHOICES)
        .default("auto"),
    )
    // In the order of the command line, so that what follows, a mistake in it too, is printed as asked.
    .on("option:color", (when) => terminal.useColors(when))
    .configureHelp({ showGlobalOptions: true, minWidthToWrap: 20 })
    .showSuggestionAfterError(true)
    .showHelpAfterError("All commands: sluice help")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      // It quotes what was given.
      outputError: (text, write) =>
        write(printable(text).replace(/^error: /, `${terminal.errColors.red("error:")} `)),
      getOutHasColors: () => terminal.outLook.color,
      getErrHasColors: () => terminal.errLook.color,
      getOutHelpWidth: () => terminal.outLook.columns,
      getErrHelpWidth: () => terminal.errLook.columns,
    })
    .addHelpText(
      "after",
      [
        "",
        "Exit codes: 0 success, 1 invalid rules, 2 wrong usage, 3 failure of the",
        "environment.",
        "",
        "Examples:",
        "  sluice check rules/",
        "  sluice run rules/ --watch --port-map 80=8080",
        "  sluice build rules/ --out build/ && envoy -c build/envoy.json",
      ].join("\n"),
    );

  const context = { terminal, done };
  program.commandsGroup("Begin:");
  addInitCommand(program, context);
  program.commandsGroup("Questions about rules:");
  addCheckCommand(program, context);
  addExplainCommand(program, context);
  addTestCommand(program, context);
  addDiffCommand(program, context);
  program.commandsGroup("Rules at work:");
  addRunCommand(program, context);
  addTopCommand(program, context);
  addTapCommand(program, context);
  addBuildCommand(program, context);
  addExportCommand(program, context);
  program.commandsGroup("A fleet of Envoys:");
  addServeCommand(program, context);
  addFleetCommand(program, context);
  addBootstrapCommand(program, context);
  program.commandsGroup("More:");
  addInspectCommand(program, context);
  addSchemaCommand(program, context);
  addCompletionCommand(program, context);
  addHelpCommand(program);
  for (const command of program.commands) {
    command.showHelpAfterError(`Its options: sluice help ${command.name()}`);
  }
  return program;
}

function explainFailure(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    // Commander has said it. Asked for help or the version is fine; no command at all is not.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  const red = terminal.errColors.red;
  if (error instanceof UsageError || error instanceof ForeignDirectoryError) {
    // It may quote what was given.
    terminal.err(`${red("error:")} ${printable(error.message)}\n`);
    return EXIT.usage;
  }
  if (error instanceof EnvironmentError) {
    terminal.err(`${[`${red("error:")} ${error.message}`, ...error.details].join("\n  ")}\n`);
    return EXIT.environment;
  }
  if (isSystemError(error)) {
    terminal.err(`${red("error:")} ${error.message}\n`);
    return EXIT.environment;
  }
  // Neither the rules nor the call are to blame, and no script should take it for that.
  terminal.err(
    `${red("error:")} this is a bug in Sluice, not a mistake in your rules\n${(error as Error)?.stack ?? error}\n`,
  );
  return EXIT.environment;
}
