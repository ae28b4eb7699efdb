/** An explanation for people. Whatever stands here stands in the data, too. */

import type picocolors from "picocolors";
import { printable } from "../../diagnostics/render/text.ts";
import type { Endpoint, Fault, HeaderMutation, RetryPolicy } from "../../ir/ir.ts";
import type { RulePlace } from "../../ir/origin.ts";
import { formatSocket } from "../../ir/sockets.ts";
import type { DecisionDetails, Explanation, RuleDetails, TriedRule } from "./explanation.ts";
import type { UnreadHere } from "./unread-here.ts";

type Colors = ReturnType<typeof picocolors.createColors>;

const BY: Readonly<Record<string, string>> = {
  abort: "answered by the rule's fault",
  redirect: "redirected by the rule",
  directResponse: "answered by the rule",
  preflight: "a CORS preflight, answered by the proxy",
  noRoute: "answered by the proxy: no rule matches",
  unavailable: "answered by the proxy",
  refused: "refused by the proxy",
};

export function renderExplanation(explanation: Explanation, colors: Colors): string {
  const { bold, dim, red } = colors;
  const {
    asked,
    listener,
    seen,
    virtualHost,
    nearestHost,
    tried,
    untried,
    notHere,
    rule,
    decision,
    unread,
    disagreements,
  } = explanation;
  const lines: string[] = [];
  const section = (title: string, body: readonly string[]) => {
    if (body.length > 0) {
      lines.push("", bold(title), ...body.map((line) => `  ${line}`));
    }
  };
  lines.push(
    bold(`${asked.method} ${asked.url}`),
    ...asked.headers.map(headerLine).map((line) => `  ${line}`),
  );
  section("listener", [
    `${listener.name} at ${formatSocket(listener.address, listener.port)}`,
    ...(listener.others.length > 0
      ? [dim(`the host is also served at ${listener.others.join(", ")}; choose with --at`)]
      : []),
  ]);
  if (seen) {
    section("as rules see it", [
      `${seen.method} ${seen.authority} ${seen.path}`,
      ...seen.headers.map(headerLine),
    ]);
    section("virtual host", [
      virtualHost
        ? `${virtualHost.name}, by the domain ${virtualHost.matchedDomain} ${dim(`of ${virtualHost.domains.join(", ")}`)}`
        : `none serves the host ${seen.authority}`,
      ...(nearestHost === undefined ? [] : [dim(`no rule names this host; did you mean ${nearestHost}?`)]),
    ]);
  }
  section("rules, in the order they are tried", [
    ...tried.flatMap((one, index) => triedLines(one, index + 1, colors)),
    ...(untried > 0 ? [dim(`${untried} more ${untried === 1 ? "was" : "were"} not tried`)] : []),
  ]);
  section(
    "rules that no request can reach at this listener",
    notHere.map((one) => `${name(one)} ${dim(where(one))} ${one.why}`),
  );
  if (rule) {
    section(`the rule ${name(rule)}`, ruleLines(rule, colors));
  }
  section("decision", decisionLines(decision, colors));
  section(
    "other resources that Istio obeys",
    unread.map((one) => unreadLine(one, colors)),
  );
  if (disagreements.length > 0) {
    section(red("the filter and the reasons above disagree: this is a bug in Sluice"), disagreements);
  }
  return `${printableLines(lines)}\n`;
}

const UNREAD: Readonly<Record<UnreadHere["may"], string>> = {
  deny: "may deny this request in Istio; Sluice does not enforce it",
  change: "may change what happens to this request in Istio; Sluice does not read it",
  route: "may route this request in Istio; Sluice does not read it",
};

function unreadLine({ kind, resource, file, line, may }: UnreadHere, { yellow }: Colors): string {
  const words = `${kind} ${resource} (${file}:${line}) ${UNREAD[may]}`;
  return may === "deny" ? yellow(words) : words;
}

/** Colours are the only control characters that may reach a terminal. */
function printableLines(lines: readonly string[]): string {
  return (
    lines
      .join("\n")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
      .split(/(\u001b\[\d+m)/)
      .map((part, index) => (index % 2 === 1 ? part : printable(part)))
      .join("")
  );
}

function triedLines(one: TriedRule, number: number, { green, red, dim }: Colors): string[] {
  const mark = one.matched ? green("matches") : red("no");
  const head = `${String(number).padStart(2)} ${name(one)} ${dim(where(one))} ${mark}`;
  if (one.matched) {
    return [head, `     ${one.conditions.length > 0 ? one.conditions.join(" and ") : "every request"}`];
  }
  const failed = new Set(one.failed.map(({ condition }) => condition));
  const met = one.conditions.filter((condition) => !failed.has(condition));
  return [
    head,
    ...reasons(one).map((line) => `     ${line}`),
    ...met.map((condition) => `     ${dim(`has ${condition}`)}`),
  ];
}

/** Why a rule did not take a request. */
export function reasons({ failed }: TriedRule): string[] {
  return failed.map(({ condition, seen }) => {
    const got =
      seen.length === 0 ? "it is absent" : `got ${seen.map((value) => JSON.stringify(value)).join(", ")}`;
    return `needs ${condition}, ${got}`;
  });
}

function name({ name, resource, rule, match }: RulePlace & { readonly name: string }): string {
  if (resource === undefined) {
    return `the default route${name === "" ? "" : ` "${name}"`}; no VirtualService is for this host`;
  }
  const which = `http[${rule}]${match === undefined ? "" : `.match[${match}]`}`;
  return `${resource} ${which}${name === "" ? "" : ` "${name}"`}`;
}

export function where({ file, line, column }: RulePlace): string {
  return file === undefined ? "" : `${file}:${line}:${column}`;
}

function ruleLines(rule: RuleDetails, { dim }: Colors): string[] {
  const lines: string[] = rule.file === undefined ? [] : [where(rule)];
  const { split, redirect, directResponse, rewrite, cors } = rule;
  if (rule.fault) {
    lines.push(...faultLines(rule.fault));
  }
  for (const part of split ?? []) {
    const drawn = part.drawn === undefined ? "" : `, drawn ${part.drawn} times`;
    lines.push(
      `${percent(part.share)} to ${part.cluster}${dim(` (weight ${part.weight}${drawn})`)}`,
      `  ${part.byAuthority ? BY_AUTHORITY : endpointText(part.endpoints)}`,
      ...(part.upstreamFault ? faultLines(part.upstreamFault).map((line) => `  instead of it ${line}`) : []),
      ...(part.hostRewrite === undefined ? [] : [`  host becomes ${part.hostRewrite}`]),
      ...mutationLines("request", part.requestHeaders).map((line) => `  ${line}`),
      ...mutationLines("response", part.responseHeaders).map((line) => `  ${line}`),
    );
  }
  if (rule.sticky) {
    const { kind } = rule.sticky;
    lines.push(`sticky by ${kind === "sourceIp" ? "the client's address" : `${kind} ${rule.sticky.name}`}`);
  }
  for (const key of rule.hash ?? []) {
    lines.push(
      `endpoint by the hash of ${key.kind === "sourceIp" ? "the client's address" : `${key.kind} ${key.name}`}`,
    );
  }
  if (redirect) {
    lines.push(`redirects with ${redirect.status}`);
  }
  if (directResponse) {
    lines.push(`answers ${directResponse.status} with ${directResponse.bodyBytes} bytes of body`);
  }
  if (rewrite?.path) {
    const { path } = rewrite;
    lines.push(
      path.kind === "matched"
        ? `path: the matched part becomes ${path.value}`
        : `path: ${path.pattern} becomes ${path.substitution}`,
    );
  }
  if (rewrite?.host !== undefined) {
    lines.push(`host becomes ${rewrite.host}`);
  }
  lines.push(
    ...mutationLines("request", rule.requestHeaders),
    ...mutationLines("response", rule.responseHeaders),
  );
  if (cors) {
    lines.push(`CORS for ${cors.allowOrigins.map(({ kind, value }) => `${kind} ${value}`).join(", ")}`);
  }
  for (const { cluster, perMillion } of rule.mirrors ?? []) {
    lines.push(`copies ${percent(perMillion / 1e6)} to ${cluster}`);
  }
  if (rule.timeoutMs !== undefined) {
    lines.push(rule.timeoutMs === 0 ? "no timeout" : `timeout after ${rule.timeoutMs} ms`);
  }
  if (rule.retry) {
    lines.push(retryLine(rule.retry));
  }
  if (rule.statPrefix) {
    lines.push(`statistics under ${rule.statPrefix}`);
  }
  return lines;
}

function faultLines({ delay, abort }: Fault): string[] {
  return [
    ...(delay ? [`delays ${percent(delay.perMillion / 1e6)} by ${delay.fixedMs} ms`] : []),
    ...(abort
      ? [
          `aborts ${percent(abort.perMillion / 1e6)} with ${abort.kind === "grpc" ? "gRPC status " : ""}${abort.status}`,
        ]
      : []),
  ];
}

function retryLine({ attempts, retryOn, retriableStatusCodes, perTryTimeoutMs }: RetryPolicy): string {
  if (attempts === 0) {
    return "no retries";
  }
  const codes = retriableStatusCodes.length > 0 ? `, ${retriableStatusCodes.join(", ")}` : "";
  const each = perTryTimeoutMs > 0 ? `, each try at most ${perTryTimeoutMs} ms` : "";
  return `up to ${attempts} ${attempts === 1 ? "retry" : "retries"} on ${retryOn.join(", ")}${codes}${each}`;
}

function mutationLines(what: string, mutation: HeaderMutation | undefined): string[] {
  return [
    ...(mutation?.remove ?? []).map((header) => `${what} header ${header} is removed`),
    ...(mutation?.write ?? []).map(
      ({ name, value, append }) =>
        `${what} header ${name} ${append ? "gets" : "becomes"} ${JSON.stringify(value)}`,
    ),
  ];
}

function decisionLines(decision: DecisionDetails, { bold, green, yellow, dim }: Colors): string[] {
  const lines: string[] = [];
  if (decision.delayMs > 0) {
    lines.push(`waits ${decision.delayMs} ms, then`);
  }
  if (decision.outcome === "forward") {
    lines.push(bold(green(`goes to ${decision.cluster}`)), decidedEndpoints(decision));
    const { upstream } = decision;
    if (decision.deadlineMs !== undefined) {
      lines.push(`times out after ${decision.deadlineMs} ms, by the client's grpc-timeout`);
    }
    if (upstream) {
      lines.push("the upstream receives", `  ${upstream.method} ${upstream.host} ${upstream.path}`);
      lines.push(...upstream.headers.map(headerLine).map((line) => `  ${line}`));
    }
    if (decision.headers.length > 0) {
      lines.push("added to its response", ...decision.headers.map(headerLine).map((line) => `  ${line}`));
    }
  } else {
    lines.push(
      bold(
        yellow(
          `${BY[decision.by!]}${decision.why === undefined ? "" : ` (${decision.why})`}: ${decision.status}`,
        ),
      ),
      ...decision.headers.map(headerLine),
      ...(decision.body ? [`body ${JSON.stringify(decision.body)}`] : []),
    );
  }
  for (const { cluster } of decision.copies) {
    lines.push(`a copy goes to ${cluster}`);
  }
  if (decision.routeClass !== undefined) {
    lines.push(dim(`Envoy handles the rest with the route class ${decision.routeClass}`));
  }
  const draws = decision.draws ?? [];
  if (draws.length > 0) {
    const total = draws.reduce((sum, { count }) => sum + count, 0);
    lines.push(`split by chance; of ${total} such requests the filter chose`);
    lines.push(...draws.map(({ outcome, count }) => `  ${String(count).padStart(5)} ${outcome}`));
  }
  return lines;
}

const BY_AUTHORITY = "the requested host is looked up";

/** Without endpoints a request is forwarded only to the host that it names. */
function decidedEndpoints({ endpoints = [] }: DecisionDetails): string {
  return endpoints.length === 0 ? BY_AUTHORITY : endpointText(endpoints);
}

function endpointText(endpoints: readonly Endpoint[]): string {
  const addresses = endpoints.map(({ address, port, unhealthy, priority }) => {
    const text = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    // The first are those of priority 0, which most have.
    return unhealthy ? `${text} (not ready)` : priority ? `${text} (priority ${priority})` : text;
  });
  return addresses.length === 0 ? "no endpoint: answered 503" : `endpoints ${addresses.join(", ")}`;
}

function headerLine({ name, value }: { readonly name: string; readonly value: string }): string {
  return `${name}: ${value}`;
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))} %`;
}
