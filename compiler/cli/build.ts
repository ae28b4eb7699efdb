/** `sluice build`: compiles rules into a directory that Envoy runs from. */

import path from "node:path";
import { type Command, Option } from "commander";
import { compile, formatDiagnostics, formatSocket, OLDEST_ENVOY, printableIr, writeBuild } from "../index.ts";
import { type CommandContext, formatOption, PATHS } from "./command.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { type Format, jsonOf } from "./format.ts";
import { progressBar } from "./progress-bar.ts";
import { addProxyOptions, type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import { ruleFiles } from "./rule-files.ts";
import type { Terminal } from "./terminal.ts";

export interface BuildFlags extends ProxyFlags {
  readonly out?: string;
  readonly mountedAt?: string;
  readonly print?: "ir";
  /** False: not those of documents, since others will read the build. */
  readonly keys: boolean;
  readonly format: Format;
}

export function addBuildCommand(program: Command, { terminal, done }: CommandContext): void {
  addProxyOptions(
    program
      .command("build")
      .summary("compile rules into a directory that Envoy runs from")
      .description(
        "Compiles rules into a directory that Envoy runs from: envoy.json, filter.wasm, xds/, routes/, manifest.json. " +
          "The directory is replaced as a whole: an Envoy that reads it never sees half a build.",
      )
      .argument("[paths...]", PATHS)
      .option("-o, --out <dir>", "directory to write the build to")
      .option("--mounted-at <path>", "path at which Envoy sees the directory, if it differs from --out")
      .option(
        "--no-keys",
        "refuse private keys from Secret documents, for a build that others can read, such as an image",
      )
      .addOption(new Option("--print <what>", "print instead of writing a build").choices(["ir"])),
  )
    .addOption(formatOption())
    .action(async (paths, flags) => done(await buildCommand(paths, flags, terminal)));
}

async function buildCommand(
  paths: readonly string[],
  flags: BuildFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const options = await readCommonOptions(paths, flags);
  if (options.out === undefined && flags.print === undefined) {
    throw new UsageError("no output; name a directory with --out");
  }
  const progress = progressBar(terminal);
  const { findings, compilation } = await compile({
    source: ruleFiles(options.paths, options),
    proxy: options.proxy,
    strict: options.strict,
    quiet: options.quiet,
    progress,
  });
  progress.done();
  const found = () => formatDiagnostics(findings, terminal.errLook);

  if (flags.print === "ir") {
    terminal.err(found());
    if (compilation !== undefined) {
      terminal.out(`${JSON.stringify(printableIr(compilation.config), null, 2)}\n`);
    }
    return compilation === undefined ? EXIT.rules : EXIT.ok;
  }

  const out = path.resolve(options.out!);
  if (compilation === undefined) {
    if (flags.format === "json") {
      terminal.out(jsonOf(findings, { out, written: false }));
    } else {
      terminal.err(found());
      terminal.err(`nothing was written to ${options.out}\n`);
    }
    return EXIT.rules;
  }

  const shown = compilation.config.secrets?.find(
    ({ content, inFiles }) => content.kind === "certificate" && !inFiles,
  );
  if (!flags.keys && shown !== undefined) {
    throw new UsageError(
      `--no-keys: the build would contain the private key of ${shown.name}; use files instead, which need not exist yet, or --secrets-directory`,
    );
  }
  const { changed, manifest, adminSocket } = await writeBuild(
    compilation,
    options.proxy,
    out,
    flags.mountedAt,
    {
      onWait: () =>
        terminal.err(`${terminal.errColors.dim("sluice:")} waiting for another build of ${options.out}\n`),
    },
  );
  if (flags.format === "json") {
    terminal.out(jsonOf(findings, { out, written: true, changed, manifest, adminSocket }));
    return EXIT.ok;
  }
  terminal.err(found());
  const { green, dim } = terminal.outColors;
  terminal.out(`${green(changed ? "built" : "unchanged")} ${options.out}\n`);
  for (const { name, address, port } of manifest.listeners) {
    const blob = manifest.files[`routes/${name}.blob`];
    terminal.out(
      `  ${name}  ${formatSocket(address, port)}${blob ? dim(`  ${blob.bytes} bytes of routes`) : ""}\n`,
    );
  }
  terminal.out(`  admin  unix:${adminSocket}\n`);
  if (manifest.envoy.oldest !== OLDEST_ENVOY) {
    terminal.out(`  needs Envoy ${manifest.envoy.oldest} or newer\n`);
  }
  terminal.out(`  ${dim(`envoy -c ${path.join(options.out!, "envoy.json")}`)}\n`);
  return EXIT.ok;
}
