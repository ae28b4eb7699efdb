/** `sluice build`: compiles rules into a directory that Envoy runs from. */

import path from "node:path";
import { compile, files, formatDiagnostics, formatSocket, printableIr, writeBuild } from "../index.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { type Format, jsonOf } from "./format.ts";
import { progressBar } from "./progress-bar.ts";
import { type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import type { Terminal } from "./terminal.ts";

export interface BuildFlags extends ProxyFlags {
  readonly out?: string;
  readonly mountedAt?: string;
  readonly print?: "ir";
  /** False: not those of documents, since others will read the build. */
  readonly keys: boolean;
  readonly format: Format;
}

export async function buildCommand(
  paths: readonly string[],
  flags: BuildFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const options = await readCommonOptions(paths, flags, { listenAddress: "0.0.0.0" });
  if (options.out === undefined && flags.print === undefined) {
    throw new UsageError("no output: name a directory with --out");
  }
  const progress = progressBar(terminal);
  const { findings, compilation } = await compile({
    source: files(options.paths),
    proxy: options.proxy,
    strict: options.strict,
    progress,
  });
  progress.done();
  const found = () => formatDiagnostics(findings, { color: terminal.errColors.isColorSupported });

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
      `--no-keys: the key of ${shown.name} would be in the build; name files instead, which need not be there yet, or a folder with --secrets-directory`,
    );
  }
  const { changed, manifest } = await writeBuild(compilation, options.proxy, out, flags.mountedAt);
  if (flags.format === "json") {
    terminal.out(jsonOf(findings, { out, written: true, changed, manifest }));
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
  terminal.out(`  ${dim(`envoy -c ${path.join(options.out!, "envoy.json")}`)}\n`);
  return EXIT.ok;
}
