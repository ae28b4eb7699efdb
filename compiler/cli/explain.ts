/** `sluice explain`: what becomes of a request, or of a connection, and why. */

import {
  type AskedConnection,
  type AskedRequest,
  type Claims,
  type ConnectionExplainResult,
  type ExplainResult,
  explain,
  explainConnection,
  type Findings,
  formatConnection,
  formatDiagnostics,
  formatExplanation,
  formatSummary,
  isConnectionUrl,
  ListenerError,
  makeRequest,
  parseClaims,
  parseConnection,
  parseCurl,
  parseHeader,
  parseRequestLine,
  RequestError,
  type RulesOptions,
  readAtMost,
  whyUnreadable,
} from "../index.ts";
import { EXIT, type ExitCode, UsageError } from "./exit.ts";
import { type Format, jsonOf } from "./format.ts";
import { sayHeld } from "./held-voice.ts";
import { type ClusterFlags, noteMissing, openRules, readRulesOptions } from "./kubernetes-options.ts";
import { progressBar } from "./progress-bar.ts";
import type { ProxyFlags } from "./proxy-options.ts";
import type { Terminal } from "./terminal.ts";

export interface ExplainFlags extends ProxyFlags, ClusterFlags {
  readonly request?: string;
  readonly curl?: string;
  readonly header?: readonly string[];
  readonly from?: string;
  readonly jwt?: string;
  readonly claims?: string;
  readonly http2?: boolean;
  readonly alpn?: string;
  readonly to?: string;
  readonly at?: string;
  readonly verbose?: true;
  readonly format: Format;
}

export async function explainCommand(
  inputs: readonly string[],
  flags: ExplainFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  const { paths, request } = withoutRequest(inputs, flags.request);
  if (request !== undefined && isConnectionUrl(request)) {
    return explainOneConnection(paths, request, flags, terminal);
  }
  refuseFlags(flags, OF_CONNECTIONS, "of a connection; use tcp://host:port or tls://server.name");
  const asked = readRequest({ ...flags, ...(request !== undefined && { request }) });
  const options = await readRulesOptions(paths, flags);
  if (options.proxy.target === "native") {
    throw new UsageError(
      "--target native: explain runs the filter, which this target does not have; remove --target",
    );
  }
  const { findings, explanation } = await answered(options, flags, terminal, (rules) =>
    explain({ ...rules, request: asked }),
  );
  tell(findings, explanation && { explanation }, flags, terminal, (look) =>
    formatExplanation(explanation!, look),
  );
  if (explanation === undefined) {
    return EXIT.rules;
  }
  return explanation.disagreements.length > 0 ? EXIT.environment : EXIT.ok;
}

type Options = Awaited<ReturnType<typeof readRulesOptions>>;

/** What both questions are asked of. */
type AskedRules = RulesOptions & { readonly at?: string };

/** The answer of the rules that were given. A listener that there is not is a wrong call. */
async function answered<Result extends ExplainResult | ConnectionExplainResult>(
  options: Options,
  { at }: ExplainFlags,
  terminal: Terminal,
  ask: (rules: AskedRules) => Promise<Result>,
): Promise<Result> {
  const rules = openRules(options, noteMissing(terminal));
  const progress = progressBar(terminal);
  const { proxy, strict, quiet } = options;
  const { source } = rules;
  const result = await ask({ source, proxy, strict, quiet, progress, ...(at !== undefined && { at }) })
    .catch((error: unknown): never => {
      throw error instanceof ListenerError ? new UsageError(listenerText(error, at)) : error;
    })
    .finally(rules.close);
  progress.done();
  sayHeld(result.held, terminal);
  return result;
}

/** `answer` is absent when the rules are wrong, and `format` is not called then. */
function tell(
  findings: Findings,
  answer: object | undefined,
  flags: ExplainFlags,
  terminal: Terminal,
  format: (look: Terminal["outLook"] & { readonly verbose: boolean }) => string,
): void {
  if (flags.format === "json") {
    terminal.out(jsonOf(findings, answer));
  } else if (answer === undefined) {
    terminal.err(formatDiagnostics(findings, terminal.errLook));
  } else {
    terminal.err(formatSummary(findings));
    terminal.out(format({ ...terminal.outLook, verbose: flags.verbose ?? false }));
  }
}

/** What only one of the two has. */
const OF_REQUESTS = ["curl", "header", "jwt", "claims", "http2"] as const;
const OF_CONNECTIONS = ["alpn", "to"] as const;

function refuseFlags(
  flags: ExplainFlags,
  names: readonly (typeof OF_REQUESTS | typeof OF_CONNECTIONS)[number][],
  whose: string,
): void {
  const [given] = names.filter((name) => flags[name] !== undefined);
  if (given !== undefined) {
    throw new UsageError(`--${given} is ${whose}`);
  }
}

/** No filter decides about it, so it is the same for both targets. */
async function explainOneConnection(
  paths: readonly string[],
  text: string,
  flags: ExplainFlags,
  terminal: Terminal,
): Promise<ExitCode> {
  refuseFlags(flags, OF_REQUESTS, "of an HTTP request, which a connection is not");
  const asked = readConnection(text, flags);
  const options = await readRulesOptions(paths, flags);
  const { findings, connection } = await answered(options, flags, terminal, (rules) =>
    explainConnection({ ...rules, connection: asked }),
  );
  tell(findings, connection && { connection }, flags, terminal, (look) =>
    formatConnection(connection!, look),
  );
  return connection === undefined ? EXIT.rules : EXIT.ok;
}

function readConnection(text: string, { alpn, to, from }: ExplainFlags): AskedConnection {
  const applicationProtocols = alpn?.split(",").map((protocol) => protocol.trim());
  if (applicationProtocols?.includes("")) {
    throw new UsageError(`--alpn: "${alpn}" is not a list of protocols; use h2,http/1.1`);
  }
  try {
    return parseConnection(text, { to, from, applicationProtocols });
  } catch (error) {
    throw error instanceof RequestError ? new UsageError(error.message) : error;
  }
}

/** An address among the inputs is no file: it is what is asked for, where `--request` does not say it. */
function withoutRequest(
  inputs: readonly string[],
  request: string | undefined,
): { paths: readonly string[]; request: string | undefined } {
  const isAddress = (input: string): boolean => /^(?:[A-Z]+\s+)?https?:\/\/|^(?:tcp|tls):\/\//.test(input);
  const [address, ...more] = inputs.filter(isAddress);
  if (address === undefined) {
    return { paths: inputs, request };
  }
  if (more.length > 0 || request !== undefined) {
    throw new UsageError(`"${more[0] ?? address}" is one question too many; explain answers one at a time`);
  }
  return {
    paths: inputs.filter((input) => !isAddress(input)),
    request: address.startsWith("http") ? `GET ${address}` : address,
  };
}

function listenerText({ reason, listeners }: ListenerError, at: string | undefined): string {
  switch (reason) {
    case "none":
      return "the rules create no HTTP listener; add a Gateway, or remove --mesh-port 0";
    case "unknown":
      return `--at: unknown listener "${at}"; known listeners: ${listeners.join(", ") || "none"}`;
  }
}

function readRequest(flags: ExplainFlags): AskedRequest {
  const { request, curl, header = [], from, jwt, claims } = flags;
  if (request === undefined && curl === undefined) {
    throw new UsageError(`no request; use --request 'GET http://host/path' or --curl "curl …"`);
  }
  if (request !== undefined && curl !== undefined) {
    throw new UsageError("--request and --curl cannot be combined");
  }
  try {
    // A command line pasted as the request is meant as one.
    const text = curl ?? request!;
    const protocol = flags.http2 ? ("HTTP/2" as const) : undefined;
    const headers = header.map(parseHeader);
    const client = {
      ...(from !== undefined && { from }),
      ...(jwt !== undefined && { jwt: readJwt(jwt) }),
      ...(claims !== undefined && { claims: readClaims(claims) }),
    };
    if (curl !== undefined || /^curl\s/.test(text)) {
      const parsed = parseCurl(text);
      return makeRequest(parsed, [...parsed.headers, ...headers], {
        protocol: protocol ?? parsed.protocol,
        ...(parsed.body !== undefined && { body: parsed.body }),
        ...client,
      });
    }
    return makeRequest(parseRequestLine(text), headers, { protocol, ...client });
  } catch (error) {
    if (error instanceof RequestError) {
      throw new UsageError(error.message);
    }
    throw error;
  }
}

/** What a token in a file may have at most; Envoy takes no header that long. */
const LARGEST_TOKEN = 1024 * 1024;
const STANDARD_INPUT = "/dev/stdin";

/** No path of a file has three parts of these characters. */
function readJwt(text: string): string {
  if (/^[\w-]+\.[\w-]+\.[\w-]*$/.test(text)) {
    return text;
  }
  try {
    return Buffer.from(readAtMost(text === "-" ? STANDARD_INPUT : text, LARGEST_TOKEN)).toString();
  } catch (error) {
    throw new UsageError(`--jwt: cannot read ${text}: ${whyUnreadable(error)}`);
  }
}

function readClaims(text: string): Claims {
  const claims = parseClaims(text);
  if (claims === undefined) {
    throw new UsageError(`--claims: ${text} is not a JSON object; use '{"sub": "ada"}'`);
  }
  return claims;
}
