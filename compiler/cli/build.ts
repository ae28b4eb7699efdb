/** `sluice build`: compiles rules into a directory that Envoy runs from. */

import path from "node:path";
import { compile } from "../compile.ts";
import { type Format, Report } from "../diagnostics/render/report.ts";
import { formatSocket } from "../ir/sockets.ts";
import { emitBuild } from "../run/delivery/build-files.ts";
import type { Manifest } from "../run/delivery/manifest.ts";
import { writeOutput } from "../run/delivery/write.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { printableIr } from "./printable-ir.ts";
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
  const report = new Report(options.strict);
  const progress = progressBar(terminal);
  const compilation = await compile(options.paths, options.proxy, report, progress);
  progress.done();
  const ok = compilation !== undefined && !report.hasErrors;

  if (flags.print === "ir") {
    terminal.err(report.renderText(terminal.errColors));
    if (ok) {
      terminal.out(`${JSON.stringify(printableIr(compilation.config), null, 2)}\n`);
    }
    return ok ? EXIT.ok : EXIT.rules;
  }

  const out = path.resolve(options.out!);
  if (!ok) {
    if (flags.format === "json") {
      terminal.out(report.renderJson({ out, written: false }));
    } else {
      terminal.err(report.renderText(terminal.errColors));
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
  const files = await emitBuild(compilation, options.proxy, path.resolve(flags.mountedAt ?? out));
  const { changed } = await writeOutput(out, files);
  const manifest = JSON.parse(String(files.get("manifest.json"))) as Manifest;
  if (flags.format === "json") {
    terminal.out(report.renderJson({ out, written: true, changed, manifest }));
    return EXIT.ok;
  }
  terminal.err(report.renderText(terminal.errColors));
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
