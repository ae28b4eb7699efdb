/**
 * What `sluice explain` has to say, as data: the one thing that both formats are made from. Fields are added, never
 * changed or removed.
 */

import { CLASS_HEADER } from "../../../filter/layout.ts";
import { isLookedUp } from "../../ir/discovery.ts";
import { healthCheckText } from "../../ir/health-check-text.ts";
import type {
  Action,
  Cluster,
  CorsPolicy,
  Endpoint,
  Fault,
  Forward,
  HeaderMutation,
  Listener,
  PathRewrite,
  Redirect,
  RetryPolicy,
  Route,
  RouteMatch,
  UpstreamFault,
  ValueMatch,
} from "../../ir/ir.ts";
import { place, type RulePlace } from "../../ir/origin.ts";
import { describeRateLimit, type RateLimit } from "../../ir/rate-limit.ts";
import type { Evaluation, Outcome } from "../evaluate/evaluator.ts";
import { type Failure, failures, headerField } from "../evaluate/trial.ts";
import type { AskedRequest } from "../request/asked.ts";
import type { Claims } from "../request/claims.ts";
import { requestAt, urlOf } from "../request/request-at.ts";
import type { HeaderLine, HostRequest } from "../request/wire.ts";
import type { RuleNotHere } from "./not-here.ts";
import type { UnreadHere } from "./unread-here.ts";

/** What becomes of a request, and why. Fields are added, never changed or removed. */
export interface Explanation {
  readonly asked: {
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
    /** Absent: HTTP/1.1, with the scheme of the connection. */
    readonly protocol?: string;
    /** The scheme that the request itself says, where it is not that of the connection. */
    readonly scheme?: string;
    /** The address of the client, where the question names one. */
    readonly from?: string;
  };
  readonly listener: {
    readonly name: string;
    readonly address: string;
    readonly port: number;
    /** Others that know the host, for `--at`. */
    readonly others: readonly string[];
    /** Where no listener names the host: the others that could be meant, for `--at`. */
    readonly candidates?: readonly string[];
    /** By which responses are compressed for clients that take it. */
    readonly compression?: readonly string[];
  };
  /** As rules see it; absent when Envoy refuses it before. */
  readonly seen?: {
    readonly method: string;
    readonly scheme: string;
    readonly authority: string;
    readonly path: string;
    readonly headers: Headers;
    /** The address that counts as the client's, for sticky splits, hashes and logs; and whether the connection or a header says it. */
    readonly client: { readonly address: string; readonly by: "connection" | "x-forwarded-for" };
    /** Of the token that was verified. */
    readonly claims?: Claims;
    /** Its signature was not: Envoy fetches the keys, which are not known here. */
    readonly isTokenOnTrust?: true;
  };
  readonly virtualHost?: {
    readonly name: string;
    readonly domains: readonly string[];
    readonly matchedDomain: string;
  };
  /** The known host that is most like one that no rule names. */
  readonly nearestHost?: string;
  /** In their order, up to the one that took the request. */
  readonly tried: readonly TriedRule[];
  /** Rules behind the one that took it, which were not tried. */
  readonly untried: number;
  /** Rules for the host that no request meets at this listener. */
  readonly notHere: readonly RuleNotHere[];
  readonly rule?: RuleDetails;
  readonly decision: DecisionDetails;
  /** What may have the request end otherwise in Istio, and is not part of the decision. */
  readonly unread: readonly UnreadHere[];
  /** Where the reasons and the filter differ. Nothing of the above is to be believed then. */
  readonly disagreements: readonly string[];
}

type Headers = readonly { readonly name: string; readonly value: string }[];

/** A rule that was tried, and why it did or did not take the request. */
export interface TriedRule extends RulePlace {
  readonly name: string;
  readonly matched: boolean;
  /** What is asked for; none takes every request. */
  readonly conditions: readonly string[];
  /** What was not met; none when it matched. */
  readonly failed: readonly { readonly condition: string; readonly seen: readonly string[] }[];
}

/** The rule that took the request, and what it does. */
export interface RuleDetails extends RulePlace {
  readonly name: string;
  /** What the request meets first. Whether it finds a token depends on others, so it is taken to find one. */
  readonly rateLimit?: RateLimit & { readonly text: string };
  readonly fault?: Fault;
  readonly split?: readonly SplitPart[];
  readonly sticky?: Forward["sticky"];
  readonly hash?: Forward["hash"];
  readonly redirect?: Omit<Redirect, "kind">;
  readonly directResponse?: { readonly status: number; readonly bodyBytes: number };
  readonly rewrite?: { readonly path?: PathRewrite; readonly host?: string };
  readonly requestHeaders?: HeaderMutation;
  readonly responseHeaders?: HeaderMutation;
  readonly cors?: CorsPolicy;
  readonly mirrors?: Forward["mirrors"];
  /** 0: no timeout. */
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
  readonly statPrefix?: string;
}

export interface SplitPart {
  readonly cluster: string;
  readonly weight: number;
  /** A part of 1. */
  readonly share: number;
  /** How often the filter chose it, where it was asked several times. */
  readonly drawn?: number;
  readonly requestHeaders?: HeaderMutation;
  readonly responseHeaders?: HeaderMutation;
  readonly hostRewrite?: string;
  /** That stands in the place of the upstream, and meets each try. */
  readonly upstreamFault?: Fault;
  readonly endpoints: readonly Endpoint[];
  /** In place of endpoints: whichever host a request names. */
  readonly byAuthority?: true;
  /** How Envoy asks the endpoints whether they are well, in words. */
  readonly healthCheck?: string;
}

export interface DecisionDetails {
  readonly outcome: "forward" | "answer";
  /** By what the proxy answers itself: a fault, a redirect, no rule. */
  readonly by?: string;
  readonly why?: string;
  /** Milliseconds that the request waits before. */
  readonly delayMs: number;
  /** Milliseconds after which the proxy gives up, where a gRPC client waits no longer than that. */
  readonly deadlineMs?: number;
  readonly cluster?: string;
  readonly endpoints?: readonly Endpoint[];
  /** The request as the upstream gets it. */
  readonly upstream?: {
    readonly method: string;
    readonly host: string;
    readonly path: string;
    readonly headers: Headers;
  };
  /** What the proxy answers, or what it adds to the upstream's answer. */
  readonly status?: number;
  readonly headers: Headers;
  readonly body?: string;
  readonly copies: readonly { readonly cluster: string }[];
  /** The route class by which Envoy does its part. */
  readonly routeClass?: string;
  /** Of many: how often each outcome came, when dice are in it. */
  readonly draws?: readonly { readonly outcome: string; readonly count: number }[];
}

export interface ExplanationInput {
  readonly asked: AskedRequest;
  readonly nearestHost?: string;
  readonly notHere: readonly RuleNotHere[];
  readonly unread: readonly UnreadHere[];
  readonly listener: Listener;
  readonly others: readonly string[];
  readonly candidates: readonly string[];
  readonly evaluation: Evaluation;
  /** Further evaluations of the same request, where dice are in it. */
  readonly draws: readonly Evaluation[];
  /** Absent for a cluster that is not there. */
  readonly clusterOf: (name: string) => Cluster | undefined;
  readonly upstreamFaults: readonly UpstreamFault[];
}

export function makeExplanation(input: ExplanationInput): Explanation {
  const { asked, listener, others, candidates, evaluation, draws } = input;
  const { protocol, saysScheme } = requestAt(asked, listener);
  const { request, client, host, taken, disagreements } = evaluation;
  const routes = host?.virtualHost.routes ?? [];
  const last = taken === undefined ? routes.length - 1 : routes.indexOf(taken.route);
  return {
    asked: {
      method: asked.method,
      url: urlOf(asked),
      headers: headerList(asked.headers),
      ...((protocol === "HTTP/2" || saysScheme !== undefined) && { protocol }),
      ...(saysScheme !== undefined && { scheme: saysScheme }),
      ...(asked.from !== undefined && { from: asked.from }),
    },
    listener: {
      name: listener.name,
      address: listener.address,
      port: listener.port,
      others,
      ...(candidates.length > 0 && { candidates }),
      ...(listener.compression && { compression: listener.compression.algorithms }),
    },
    ...(request &&
      client && {
        seen: {
          method: request.method,
          scheme: request.scheme,
          authority: request.authority,
          path: request.path,
          headers: headerList(request.headers),
          client: { address: client.address, by: client.by },
          ...(request.claims && { claims: request.claims }),
          ...(evaluation.isTokenOnTrust && { isTokenOnTrust: true as const }),
        },
      }),
    ...(host && {
      virtualHost: {
        name: host.virtualHost.name,
        domains: host.virtualHost.domains,
        matchedDomain: host.domain,
      },
    }),
    ...(input.nearestHost !== undefined && { nearestHost: input.nearestHost }),
    tried: request
      ? routes.slice(0, last + 1).map((route) => triedRule(route, request, route === taken?.route))
      : [],
    untried: request ? routes.length - 1 - last : 0,
    notHere: input.notHere,
    ...(taken && { rule: ruleDetails(taken.route, input) }),
    decision: decisionDetails(evaluation, draws),
    unread: input.unread,
    disagreements: [
      ...new Set([evaluation, ...draws].flatMap((one) => one.disagreements).concat(disagreements)),
    ],
  };
}

export function triedRule(route: Route, request: HostRequest, matched: boolean): TriedRule {
  return {
    ...place(route.origin),
    name: route.name,
    matched,
    conditions: conditionsOf(route.match),
    failed: [...failures(route.match, request)].map((failure) => ({
      condition: condition(failure.field, failure.match, failure.ignoreCase),
      seen: failure.seen,
    })),
  };
}

/** Whether asking again may give another outcome. */
export function hasDice({ fault, action }: Route): boolean {
  const isChance = (perMillion = 0) => perMillion > 0 && perMillion < 1_000_000;
  return (
    (action.kind === "forward" && action.destinations.some((one) => one.fault !== undefined)) ||
    isChance(fault?.delay?.perMillion) ||
    isChance(fault?.abort?.perMillion) ||
    (action.kind === "forward" &&
      (action.destinations.length > 1 ||
        (action.mirrors ?? []).some((mirror) => isChance(mirror.perMillion))))
  );
}

function ruleDetails(route: Route, input: ExplanationInput): RuleDetails {
  const { name, origin, rateLimit, fault, cors, responseHeaders, statPrefix, action } = route;
  return {
    ...place(origin),
    name,
    ...(rateLimit && { rateLimit: { ...rateLimit, text: describeRateLimit(rateLimit) } }),
    ...(fault && { fault }),
    ...actionDetails(action, input),
    ...(responseHeaders && { responseHeaders }),
    ...(cors && { cors }),
    ...(statPrefix && { statPrefix }),
  };
}

function actionDetails(
  action: Action,
  { draws, clusterOf, upstreamFaults }: ExplanationInput,
): Partial<RuleDetails> {
  if (action.kind === "redirect") {
    const { kind: _kind, ...redirect } = action;
    return { redirect };
  }
  if (action.kind === "directResponse") {
    const { status, body, base64 } = action;
    return { directResponse: { status, bodyBytes: Buffer.byteLength(body, base64 ? "base64" : "utf8") } };
  }
  const { destinations, timeoutMs, retry, rewrite, hostRewrite, requestHeaders, mirrors, sticky, hash } =
    action;
  const total = destinations.reduce((sum, { weight }) => sum + weight, 0);
  return {
    split: destinations.map(({ cluster, weight, fault, ...own }) => ({
      cluster,
      weight,
      share: weight / total,
      ...(draws.length > 0 &&
        destinations.length > 1 && {
          drawn: draws.filter(({ decision }) => decision?.cluster === (fault ?? cluster)).length,
        }),
      ...own,
      ...(fault !== undefined && { upstreamFault: upstreamFaults.find(({ name }) => name === fault)!.fault }),
      ...upstreamsOf(clusterOf(cluster)),
    })),
    timeoutMs,
    retry,
    ...((rewrite || hostRewrite !== undefined) && {
      rewrite: { ...(rewrite && { path: rewrite }), ...(hostRewrite !== undefined && { host: hostRewrite }) },
    }),
    ...(requestHeaders && { requestHeaders }),
    ...(mirrors?.length && { mirrors }),
    ...(sticky && { sticky }),
    ...(hash?.length && { hash }),
  };
}

function upstreamsOf(
  cluster: Cluster | undefined,
): Pick<SplitPart, "endpoints" | "byAuthority" | "healthCheck"> {
  return {
    endpoints: cluster?.discovery.endpoints ?? [],
    ...(cluster !== undefined && isLookedUp(cluster.discovery.kind) && { byAuthority: true }),
    ...(cluster?.healthCheck && {
      healthCheck: healthCheckText(cluster.healthCheck, cluster.discovery.endpoints),
    }),
  };
}

function decisionDetails(evaluation: Evaluation, draws: readonly Evaluation[]): DecisionDetails {
  const { outcome, delayMs, why, decision, timeLimits } = evaluation;
  const routeClass = decision?.headers.find(([name]) => name === CLASS_HEADER)?.[1];
  const common = {
    outcome: outcome.kind,
    delayMs,
    ...(timeLimits?.deadlineMs &&
      timeLimits.deadlineMs === timeLimits.timeoutMs && { deadlineMs: timeLimits.deadlineMs }),
    ...(why !== undefined && { why }),
    ...(routeClass !== undefined && { routeClass }),
    ...(draws.length > 0 && { draws: countOutcomes(draws) }),
  };
  if (outcome.kind === "answer") {
    const { status, headers, body } = outcome.answer;
    return {
      ...common,
      by: outcome.by,
      ...(status > 0 && { status }),
      headers: headerList(headers),
      body,
      copies: [],
    };
  }
  const { cluster, endpoints, upstream, answer, copies } = outcome;
  return {
    ...common,
    cluster,
    endpoints,
    upstream: { ...upstream, headers: headerList(upstream.headers) },
    headers: headerList(answer.headers),
    copies: copies.map((copy) => ({ cluster: copy.cluster })),
  };
}

function countOutcomes(draws: readonly Evaluation[]): { outcome: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { outcome, delayMs } of draws) {
    const key = outcomeText(outcome) + (delayMs > 0 ? ` after ${delayMs} ms` : "");
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([outcome, count]) => ({ outcome, count })).sort((a, b) => b.count - a.count);
}

export function outcomeText(outcome: Outcome): string {
  return outcome.kind === "forward" ? outcome.cluster : `${outcome.by} ${outcome.answer.status || ""}`.trim();
}

export function conditionsOf(match: RouteMatch): string[] {
  return [
    ...(match.path ? [condition("uri", match.path, match.path.ignoreCase)] : []),
    ...match.headers.map((header) => condition(headerField(header), header.match)),
    ...match.queryParams.map(({ name, match: wanted }) => condition(`queryParams.${name}`, wanted)),
  ];
}

function condition(field: Failure["field"], match: ValueMatch, ignoreCase = false): string {
  const value = match.kind === "present" ? "present" : `${match.kind} ${JSON.stringify(match.value)}`;
  return `${field} ${value}${ignoreCase ? " in any case" : ""}`;
}

function headerList(lines: readonly HeaderLine[]): Headers {
  return lines.map(([name, value]) => ({ name, value }));
}
