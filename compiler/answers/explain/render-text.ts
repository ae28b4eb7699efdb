/** An explanation for people. Whatever stands here stands in the data, too. */

import { printableData } from "../../diagnostics/render/printable.ts";
import { type Colors, folded, listed, type Style, wrap } from "../../diagnostics/render/style.ts";
import type { Endpoint, Fault, HeaderMutation, RetryPolicy } from "../../ir/ir.ts";
import type { RulePlace } from "../../ir/origin.ts";
import { LIMITED_STATUS } from "../../ir/rate-limit.ts";
import { formatSocket } from "../../ir/sockets.ts";
import type { DecisionDetails, Explanation, RuleDetails, SplitPart, TriedRule } from "./explanation.ts";
import type { UnreadHere } from "./unread-here.ts";

const BY: Readonly<Record<string, string>> = {
  limit: "beyond the rule's rate limit",
  abort: "answered by the rule's fault",
  redirect: "redirected by the rule",
  directResponse: "answered by the rule",
  preflight: "a CORS preflight, answered by the proxy",
  unauthenticated: "answered by the proxy: its token is refused",
  noRoute: "answered by the proxy: no rule matches",
  unavailable: "answered by the proxy",
};

const CLIENT_BY: Readonly<Record<"connection" | "x-forwarded-for", string>> = {
  connection: "its connection",
  "x-forwarded-for": "x-forwarded-for",
};

/** Rules that were tried and did not match, of which the last is followed by the one that did. */
const MOST_TRIED = 10;

/** The request and the decision stand out; what led from one to the other is there for those who look for it. */
export function renderExplanation(explanation: Explanation, style: Style): string {
  const { colors } = style;
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
  } = printableData(explanation);
  const lines: string[] = [];
  const section = (title: string, body: readonly string[]) => {
    if (body.length > 0) {
      lines.push("", title, ...body.map((line) => `  ${line}`));
    }
  };
  lines.push(
    bold(`${asked.method} ${asked.url}`),
    ...(asked.protocol === undefined ? [] : [`  ${dim(sentText(asked, listener.name))}`]),
    ...asked.headers.map(headerLine).map((line) => `  ${line}`),
    ...(asked.from === undefined ? [] : [`  ${dim(`from ${asked.from}`)}`]),
  );
  section("listener", [
    dim(`${listener.name} at ${formatSocket(listener.address, listener.port)}`),
    ...(listener.others.length > 0
      ? [dim(`the host is also served at ${listed(listener.others, style)}; choose with --at`)]
      : []),
    ...(listener.candidates === undefined
      ? []
      : [dim(`no listener names the host; ask another with --at: ${listed(listener.candidates, style)}`)]),
    ...(listener.compression === undefined
      ? []
      : [dim(`compresses responses with ${listed(listener.compression, style)} for clients that accept it`)]),
  ]);
  if (seen) {
    section(
      "as rules see it",
      [
        `${seen.method} ${seen.authority} ${seen.path}`,
        ...seen.headers.map(headerLine),
        `the client is ${seen.client.address}, by ${CLIENT_BY[seen.client.by]}`,
      ].map(dim),
    );
    section("claims of its token", [
      ...Object.entries(seen.claims ?? {}).map(([name, value]) => dim(`${name}: ${JSON.stringify(value)}`)),
      ...(seen.isTokenOnTrust
        ? [colors.yellow("its signature is taken on trust: Envoy fetches the keys (jwksUri)")]
        : []),
    ]);
    // Whose token is refused meets no rule.
    if (decision.by !== "unauthenticated") {
      section("virtual host", [
        virtualHost
          ? dim(
              `${virtualHost.name}, by the domain ${virtualHost.matchedDomain} of ${listed(virtualHost.domains, style)}`,
            )
          : `none serves the host ${seen.authority}`,
        ...(nearestHost === undefined ? [] : [dim(`no rule names this host; did you mean ${nearestHost}?`)]),
      ]);
    }
  }
  section("rules, in the order they are tried", [
    ...triedRules(tried, style),
    ...(untried > 0 ? [dim(`${untried} more ${untried === 1 ? "was" : "were"} not tried`)] : []),
  ]);
  section(
    "rules that no request can reach at this listener",
    folded(
      notHere.map((one) => `${name(one)} ${dim(where(one))} ${one.why}`),
      style,
      (left) => dim(`… ${left} more`),
    ),
  );
  if (rule) {
    section(`the rule ${name(rule)}`, ruleLines(rule, style));
  }
  section("decision", decisionLines(decision, style));
  section(
    "other resources that Istio obeys",
    folded(
      unread.map((one) => unreadLine(one, colors)),
      style,
      (left) => dim(`… ${left} more`),
    ),
  );
  if (disagreements.length > 0) {
    section(red("the filter and the reasons above disagree: this is a bug in Sluice"), disagreements);
  }
  return `${lines.map((line) => wrap(line, style)).join("\n")}\n`;
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

/** How a request travels, where that is not HTTP/1.1 as its URL says. */
function sentText({ protocol, scheme }: Explanation["asked"], listener: string): string {
  if (scheme === undefined) {
    return `over ${protocol}`;
  }
  const where = protocol === "HTTP/2" ? "in :scheme" : "in its request line";
  return `over ${protocol}, and says ${scheme} ${where}: the connection to ${listener} is not ${scheme}`;
}

/** The first of those that did not match, and the one that did. */
function triedRules(tried: readonly TriedRule[], style: Style): string[] {
  const lines = tried.map((one, index) => triedLines(one, index + 1, style));
  const matched = tried.at(-1)?.matched ? lines.slice(-1) : [];
  const others = folded(
    lines.slice(0, lines.length - matched.length),
    style,
    (left) => [style.colors.dim(`… ${left} more did not match; --verbose lists them`)],
    MOST_TRIED,
  );
  return [...others, ...matched].flat();
}

function triedLines(one: TriedRule, number: number, style: Style): string[] {
  const { bold, dim, green } = style.colors;
  const mark = `${String(number).padStart(2)} ${one.matched ? bold(green("matches")) : dim("no     ")}`;
  // Of a rule that did not match, the reason is what is looked for.
  const rule = one.matched ? `${name(one)} ${dim(where(one))}` : dim(`${name(one)} ${where(one)}`);
  // Below the name; a section's lines stand two characters further in.
  const head = wrap(`${mark} ${rule}`, { columns: style.columns - 2 }, number < 10 ? HEAD - 1 : HEAD).split(
    "\n",
  );
  if (one.matched) {
    const met = one.conditions.length > 0 ? one.conditions.join(" and ") : "every request";
    return [...head, `     ${met}`];
  }
  const failed = new Set(one.failed.map(({ condition }) => condition));
  const met = one.conditions.filter((condition) => !failed.has(condition));
  return [
    ...head,
    ...reasons(one, style).map((line) => `     ${line}`),
    ...met.map((condition) => `     ${dim(`has ${condition}`)}`),
  ];
}

/** Characters before the name of a rule that was tried; numbers of one digit begin with a blank. */
const HEAD = " 1 matches ".length;

/** Why a rule did not take a request. */
export function reasons({ failed }: TriedRule, style: Pick<Style, "verbose">): string[] {
  return failed.map(({ condition, seen }) => {
    const got =
      seen.length === 0
        ? "it is absent"
        : `got ${listed(
            seen.map((value) => JSON.stringify(value)),
            style,
          )}`;
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

export function where({ file, line, column }: Pick<RulePlace, "file" | "line" | "column">): string {
  return file === undefined ? "" : `${file}:${line}:${column}`;
}

function ruleLines(rule: RuleDetails, style: Style): string[] {
  const { dim } = style.colors;
  const lines: string[] = rule.file === undefined ? [] : [where(rule)];
  const { split, redirect, directResponse, rewrite, cors } = rule;
  if (rule.rateLimit) {
    const { text, bucket } = rule.rateLimit;
    lines.push(
      `limited to ${text}, shared by all of ${bucket} at a proxy; answered ${LIMITED_STATUS} beyond it`,
    );
  }
  if (rule.fault) {
    lines.push(...faultLines(rule.fault));
  }
  const parts = (split ?? []).map((part) => partLines(part, style));
  lines.push(...folded(parts, style, (left) => [dim(`… ${left} more destinations`)]).flat());
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
    const origins = cors.allowOrigins.map(({ kind, value }) => `${kind} ${value}`);
    lines.push(`CORS for ${listed(origins, style)}`);
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

function partLines(part: SplitPart, style: Style): string[] {
  const { dim } = style.colors;
  const drawn = part.drawn === undefined ? "" : `, drawn ${part.drawn} times`;
  return [
    `${percent(part.share)} to ${part.cluster} ${dim(`(weight ${part.weight}${drawn})`)}`,
    dim(`  ${part.byAuthority ? BY_AUTHORITY : endpointText(part.endpoints, style)}`),
    ...(part.healthCheck ? [dim(`  each is checked by ${part.healthCheck}`)] : []),
    ...(part.upstreamFault ? faultLines(part.upstreamFault).map((line) => `  instead of it ${line}`) : []),
    ...(part.hostRewrite === undefined ? [] : [`  host becomes ${part.hostRewrite}`]),
    ...mutationLines("request", part.requestHeaders).map((line) => `  ${line}`),
    ...mutationLines("response", part.responseHeaders).map((line) => `  ${line}`),
  ];
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

function decisionLines(decision: DecisionDetails, style: Style): string[] {
  const { bold, green, yellow, dim } = style.colors;
  const lines: string[] = [];
  if (decision.delayMs > 0) {
    lines.push(`waits ${decision.delayMs} ms, then`);
  }
  if (decision.outcome === "forward") {
    lines.push(bold(green(`goes to ${decision.cluster}`)), decidedEndpoints(decision, style));
    const { upstream } = decision;
    if (decision.deadlineMs !== undefined) {
      lines.push(`times out after ${decision.deadlineMs} ms, by the client's grpc-timeout`);
    }
    if (upstream) {
      const received = [
        `${upstream.method} ${upstream.host} ${upstream.path}`,
        ...upstream.headers.map(headerLine),
      ];
      lines.push("the upstream receives", ...received.map((line) => dim(`  ${line}`)));
      if (!upstream.path.startsWith("/")) {
        lines.push(yellow("the path does not begin with a slash: many servers answer that with 400"));
      }
    }
    if (decision.headers.length > 0) {
      lines.push("added to its response", ...decision.headers.map(headerLine).map((line) => `  ${line}`));
    }
  } else {
    lines.push(
      bold(yellow(answerText(decision))),
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
    const counts = draws.map(({ outcome, count }) => `  ${String(count).padStart(5)} ${outcome}`);
    lines.push(...folded(counts, style, (left) => dim(`  … ${left} more outcomes`)));
  }
  return lines;
}

function answerText({ by, why, status }: DecisionDetails): string {
  switch (by) {
    case "refused":
      return `Envoy answers ${status} before any rule: ${why}`;
    case "reset":
      return `Envoy ends the stream before any rule, without an answer: ${why}`;
    default:
      return `${BY[by!]}${why === undefined ? "" : ` (${why})`}: ${status}`;
  }
}

const BY_AUTHORITY = "the requested host is looked up";

/** Without endpoints a request is forwarded only to the host that it names. */
function decidedEndpoints({ endpoints = [] }: DecisionDetails, style: Style): string {
  return endpoints.length === 0 ? BY_AUTHORITY : endpointText(endpoints, style);
}

function endpointText(endpoints: readonly Endpoint[], style: Style): string {
  return endpoints.length === 0 ? "no endpoint: answered 503" : listedEndpoints(endpoints, style);
}

/** `endpoints 10.0.0.1:80, …` */
export function listedEndpoints(endpoints: readonly Endpoint[], style: Style): string {
  const addresses = endpoints.map(({ address, port, unhealthy, priority }) => {
    const text = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
    // The first are those of priority 0, which most have.
    return unhealthy ? `${text} (not ready)` : priority ? `${text} (priority ${priority})` : text;
  });
  return `endpoints ${listed(addresses, style)}`;
}

function headerLine({ name, value }: { readonly name: string; readonly value: string }): string {
  return `${name}: ${value}`;
}

export function percent(share: number): string {
  return `${Number((share * 100).toFixed(4))} %`;
}
