/** `sluice explain`: what becomes of a request, and why. */

import { readRules } from "../compile.ts";
import { nearest } from "../diagnostics/nearest.ts";
import { type Evaluation, Evaluators, speaks } from "../evaluate/evaluator.ts";
import { hostOf } from "../evaluate/trial.ts";
import { hasDice, makeExplanation } from "../explain/explanation.ts";
import { rulesNotHere } from "../explain/not-here.ts";
import { renderExplanation } from "../explain/render-text.ts";
import { loadFilter } from "../host/vm.ts";
import type { Config } from "../ir/ir.ts";
import {
  type AskedRequest,
  makeRequest,
  parseHeader,
  parseRequestLine,
  RequestError,
} from "../request/asked.ts";
import { parseCurl } from "../request/curl.ts";
import { filterModulePath } from "../runtime/index.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { progressBar } from "./progress-bar.ts";
import { type ProxyFlags, readCommonOptions } from "./proxy-options.ts";
import { type Format, Report } from "./report.ts";
import type { Terminal } from "./terminal.ts";

export interface ExplainFlags extends ProxyFlags {
  readonly request?: string;
  readonly curl?: string;
  readonly header?: readonly string[];
  readonly http2?: boolean;
  readonly at?: string;
  readonly format: Format;
}

/** How often a request is asked where dice are in it: enough to show shares, and a matter of milliseconds. */
const DRAWS = 1000;

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
    if (flags.format === "json") terminal.out(report.renderJson());
    else terminal.err(report.renderText(terminal.errColors));
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
  const evaluator = evaluators.get(listener.name)!;
  const evaluation = evaluator.evaluate(asked);
  const dice = evaluation.taken !== undefined && hasDice(evaluation.taken.route);
  const clusters = new Map(config.clusters.map(({ name, discovery }) => [name, discovery]));
  const near = nearestHost(evaluation, config);
  const explanation = makeExplanation({
    asked,
    ...(near !== undefined && { nearestHost: near }),
    notHere: evaluation.host ? rulesNotHere(evaluation.host.virtualHost, resources.virtualServices) : [],
    listener,
    others: config.listeners
      .filter(({ name, routes }) => {
        const domain = hostOf(routes, asked.authority)?.domain;
        return name !== listener.name && domain !== undefined && domain !== "*";
      })
      .map(({ name }) => name),
    evaluation,
    draws: dice ? Array.from({ length: DRAWS }, () => evaluator.evaluate(asked)) : [],
    discoveryOf: (cluster) => clusters.get(cluster),
    upstreamFaults: config.upstreamFaults ?? [],
  });
  if (flags.format === "json") {
    terminal.out(report.renderJson({ explanation }));
  } else {
    terminal.err(report.hint());
    terminal.out(renderExplanation(explanation, terminal.outColors));
  }
  return explanation.disagreements.length > 0 ? EXIT.environment : EXIT.ok;
}

/** Only for a host that nobody names: one that a wildcard takes may be meant so. */
function nearestHost({ request, host }: Evaluation, { listeners }: Config): string | undefined {
  if (request === undefined || (host !== undefined && host.domain !== "*")) return undefined;
  const known = listeners.flatMap(({ routes }) => routes.virtualHosts.flatMap(({ domains }) => domains));
  return nearest(
    request.authority.toLowerCase(),
    known.filter((domain) => !domain.startsWith("*")),
  );
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
    if (error instanceof RequestError) throw new UsageError(error.message);
    throw error;
  }
}
