/** `sluice explain`: what becomes of a request, and why. */

import { Evaluators, speaks } from "../answers/evaluate/evaluator.ts";
import { explain } from "../answers/explain/explain.ts";
import { renderExplanation } from "../answers/explain/render-text.ts";
import {
  type AskedRequest,
  makeRequest,
  parseHeader,
  parseRequestLine,
  RequestError,
} from "../answers/request/asked.ts";
import { parseCurl } from "../answers/request/curl.ts";
import { loadFilter } from "../answers/wasm-host/filter-vm.ts";
import { readRules } from "../compile.ts";
import { type Format, Report } from "../diagnostics/render/report.ts";
import { filterModulePath } from "../platform/package-root.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { progressBar } from "./progress-bar.ts";
import { type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import type { Terminal } from "./terminal.ts";

export interface ExplainFlags extends ProxyFlags {
  readonly request?: string;
  readonly curl?: string;
  readonly header?: readonly string[];
  readonly http2?: boolean;
  readonly at?: string;
  readonly format: Format;
}

export async function explainCommand(
  paths: readonly string[],
  flags: ExplainFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const asked = readRequest(flags);
  const options = await readCommonOptions(paths, flags, { listenAddress: "0.0.0.0" });
  if (options.proxy.target === "native") {
    throw new UsageError("--target native: explain runs the filter, which that target has not; leave it out");
  }
  const report = new Report(options.strict);
  const progress = progressBar(terminal);
  const { config, resources } = await readRules(options.paths, options.proxy, report, progress);
  progress.done();
  if (report.hasErrors) {
    if (flags.format === "json") {
      terminal.out(report.renderJson());
    } else {
      terminal.err(report.renderText(terminal.errColors));
    }
    return EXIT.rules;
  }
  const evaluators = new Evaluators(loadFilter(filterModulePath()), config, options.proxy.pathNormalization);
  const names = config.listeners.map(({ name }) => name);
  const listener =
    flags.at === undefined
      ? evaluators.listenerFor(asked)
      : config.listeners.find(({ name }) => name === flags.at);
  if (listener === undefined) {
    throw new UsageError(
      flags.at === undefined
        ? asked.secure
          ? "no listener of these rules ends TLS; write http://"
          : "the rules make no listener that could be asked; name a Gateway, or leave --mesh-port as it is"
        : `--at: no listener "${flags.at}"; there are ${names.join(", ") || "none"}`,
    );
  }
  if (!speaks(listener, asked.secure)) {
    throw new UsageError(
      `--at: ${listener.name} speaks ${listener.tls ? "https" : "http"}; write that in the URL`,
    );
  }
  const explanation = explain(asked, listener, evaluators, resources);
  if (flags.format === "json") {
    terminal.out(report.renderJson({ explanation }));
  } else {
    terminal.err(report.hint());
    terminal.out(renderExplanation(explanation, terminal.outColors));
  }
  return explanation.disagreements.length > 0 ? EXIT.environment : EXIT.ok;
}

function readRequest(flags: ExplainFlags): AskedRequest {
  const { request, curl, header = [] } = flags;
  if (request === undefined && curl === undefined) {
    throw new UsageError(`no request: write --request 'GET http://host/path' or --curl "curl …"`);
  }
  if (request !== undefined && curl !== undefined) {
    throw new UsageError("--request and --curl: give one of them");
  }
  try {
    // A command line pasted as the request is meant as one.
    const text = curl ?? request!;
    const protocol = flags.http2 ? "HTTP/2" : "HTTP/1.1";
    const headers = header.map(parseHeader);
    if (curl !== undefined || /^curl\s/.test(text)) {
      const parsed = parseCurl(text);
      return makeRequest(parsed, [...parsed.headers, ...headers], {
        protocol: flags.http2 ? "HTTP/2" : parsed.protocol,
        ...(parsed.body !== undefined && { body: parsed.body }),
      });
    }
    return makeRequest(parseRequestLine(text), headers, { protocol });
  } catch (error) {
    if (error instanceof RequestError) {
      throw new UsageError(error.message);
    }
    throw error;
  }
}
