/**
 * One listener, asked offline: the very program and the very `filter.wasm` that Envoy would run decide, and what comes
 * before and after them in Envoy follows from the IR. The naive reference looks on; where the two do not agree, the
 * evaluation says so.
 */

import { CLASS_HEADER } from "../../../filter/layout.ts";
import { ATTEMPT_COUNT_HEADER, ROUTER_HEADERS } from "../../back/envoy-headers.ts";
import { encodeProgram } from "../../back/program/encode.ts";
import type { ErrorPage } from "../../ir/error-page.ts";
import type {
  Cluster,
  Config,
  DirectResponse,
  Endpoint,
  Listener,
  PathNormalization,
  Redirect,
  Route,
  UpstreamFault,
} from "../../ir/ir.ts";
import { hasLocation } from "../../ir/location.ts";
import { normalizationOf } from "../../ir/path-normalization.ts";
import { classesOf, type RouteClass } from "../../ir/route-class.ts";
import { type Authenticated, authenticate, type Unauthenticated } from "../authenticate/authenticate.ts";
import { withToken } from "../authenticate/locations.ts";
import type { AskedRequest } from "../request/asked.ts";
import { requestAt } from "../request/request-at.ts";
import type { HeaderLine } from "../request/wire.ts";
import type { Decision } from "../wasm-host/filter-vm.ts";
import { FilterVm } from "../wasm-host/filter-vm.ts";
import { SharedData } from "../wasm-host/shared-data.ts";
import { type Depth, disagreements, isLimited } from "./agreement.ts";
import { type Arrived, type ArrivedRequest, arrive } from "./arrival.ts";
import { throughClass } from "./class-route.ts";
import type { Client } from "./client-address.ts";
import type { Refusal } from "./codec.ts";
import { judgeOrigin } from "./cors.ts";
import type { FormatContext } from "./format-string.ts";
import { headerOf, mutate, setHeader } from "./headers.ts";
import { type Answer, localReply, withErrorPage } from "./local-reply.ts";
import { type RouteAt, routesInOrder } from "./route-at.ts";
import { type TimeLimits, timeLimitsOf, withTimeLimits } from "./time-limits.ts";
import { type HostMatch, hostOf } from "./trial.ts";
import { meetFault } from "./upstream-fault.ts";

/** What a client and an upstream would see. */
export type Outcome =
  /** An upstream is asked. What it answers is not known here: what an `Upstream` says. */
  | {
      readonly kind: "forward";
      readonly cluster: string;
      readonly endpoints: readonly Endpoint[];
      readonly upstream: SentRequest;
      readonly answer: Answer;
      readonly copies: readonly (SentRequest & { readonly cluster: string })[];
    }
  | { readonly kind: "answer"; readonly by: AnswerBy; readonly answer: Answer };

export type AnswerBy =
  | "limit"
  | "abort"
  | "redirect"
  | "directResponse"
  | "preflight"
  | "noRoute"
  /** Before any rule: its token is not good. */
  | "unauthenticated"
  /** The cluster is not there, nobody is in it, or nobody could take the request. */
  | "unavailable"
  /** Before any rule: Envoy takes it for no request. */
  | "refused"
  /** The same, without an answer (its status is 0): the stream or the connection ends. */
  | "reset";

/** They are asked for, and no errors of the proxy's. */
const OF_RULES: ReadonlySet<AnswerBy> = new Set(["abort", "redirect", "directResponse", "preflight"]);

export interface SentRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** Without pseudo headers. */
  readonly headers: readonly HeaderLine[];
}

export interface Evaluation {
  /** As rules see it. Absent when Envoy refuses it before. */
  readonly request?: ArrivedRequest;
  /** Whom it is taken to come from; as `request`. */
  readonly client?: Client;
  /** Its token's signature was not verified, for lack of the keys that Envoy fetches. */
  readonly isTokenOnTrust?: true;
  readonly host?: HostMatch;
  /** The route that the filter took. */
  readonly taken?: RouteAt;
  /** What the filter decided. */
  readonly decision?: Decision;
  readonly routeClass?: RouteClass;
  /** Of a request that goes on. */
  readonly timeLimits?: TimeLimits;
  readonly delayMs: number;
  readonly outcome: Outcome;
  /** Envoy's own reason for `refused` and `unavailable`. */
  readonly why?: string;
  /** Where the filter and the naive reference differ; never in a filter that is right. */
  readonly disagreements: readonly string[];
}

/** The headers of what an upstream is taken to answer, with 200. */
export type Upstream = (cluster: string) => readonly HeaderLine[];

/** Of which nothing is known. */
const SILENT: Upstream = () => [];

export class Evaluator {
  readonly listener: Listener;
  readonly #clusters: ReadonlyMap<string, Cluster>;
  readonly #faults: ReadonlyMap<string, UpstreamFault>;
  readonly #upstream: Upstream;
  readonly #normalization: PathNormalization;
  readonly #vm: FilterVm;
  readonly #root: number;
  readonly #routes: readonly RouteAt[];
  readonly #classes: ReadonlyMap<string, RouteClass>;
  /** For what Envoy rolls, and not the filter. */
  #random = 0x2545f491;

  constructor(
    module: WebAssembly.Module,
    listener: Listener,
    config: Pick<Config, "clusters" | "upstreamFaults" | "pathNormalization">,
    upstream: Upstream = SILENT,
    shared?: SharedData,
  ) {
    const { clusters, upstreamFaults = [] } = config;
    this.listener = listener;
    this.#clusters = new Map(clusters.map((cluster) => [cluster.name, cluster]));
    this.#faults = new Map(upstreamFaults.map((fault) => [fault.name, fault]));
    this.#upstream = upstream;
    this.#normalization = normalizationOf(config);
    this.#vm = new FilterVm(module, 1, shared);
    this.#root = this.#configure(encodeProgram(listener.routes));
    this.#routes = routesInOrder(listener.routes);
    this.#classes = classesOf(listener.routes);
  }

  evaluate(asked: AskedRequest, depth: Depth = "inOrder"): Evaluation {
    const arrival = arrive(this.#withToken(asked), this.listener, this.#normalization);
    if (arrival.kind === "refused") {
      return {
        delayMs: 0,
        outcome: namedByProxy(refusedOutcome(arrival, this.#pagesOf("refused")), this.listener),
        why: arrival.why,
        disagreements: [],
      };
    }
    const { client } = arrival;
    const authenticated = this.#authenticate(asked, arrival.request);
    if (authenticated.kind === "unauthenticated") {
      return unauthenticated(arrival, authenticated, this.#pagesOf("unauthenticated"));
    }
    const { request, isOnTrust } = authenticated;
    const decision = this.#vm.decide(this.#root, request);
    const taken = decision.route === undefined ? undefined : this.#routes[decision.route];
    const host = hostOf(this.listener.routes, request.authority);
    const className = headerOf(decision.headers, CLASS_HEADER);
    const routeClass = className === undefined ? undefined : this.#classes.get(className);
    const end = this.#outcome(asked, { ...arrival, request }, decision, routeClass, taken);
    return {
      request,
      client,
      ...(isOnTrust && { isTokenOnTrust: isOnTrust }),
      ...(host && { host }),
      ...(taken && { taken }),
      decision,
      ...(routeClass && { routeClass }),
      ...end,
      outcome: namedByProxy(end.outcome, this.listener),
      delayMs: decision.delayMs + (end.delayMs ?? 0),
      disagreements: disagreements(
        this.listener.routes,
        request,
        decision,
        taken,
        className,
        routeClass,
        depth,
      ),
    };
  }

  #withToken(asked: AskedRequest): AskedRequest {
    return asked.jwt === undefined ? asked : withToken(asked, asked.jwt, this.listener.authentication);
  }

  /** Claims that somebody says are taken as they are; a token is verified. */
  #authenticate(
    { claims }: AskedRequest,
    request: ArrivedRequest,
  ): Authenticated<ArrivedRequest> | Unauthenticated {
    const { authentication } = this.listener;
    if (authentication === undefined || claims !== undefined) {
      return { kind: "authenticated", request };
    }
    return authenticate(request, authentication, Date.now() / 1000);
  }

  #configure(blob: Uint8Array): number {
    const root = this.#vm.configure(blob);
    if (root === undefined) {
      throw new Error(`the filter refuses its program: ${this.#vm.log.map(({ text }) => text).join("; ")}`);
    }
    return root;
  }

  /** What a rule answers is its own. */
  #pagesOf(by: AnswerBy): readonly ErrorPage[] {
    return OF_RULES.has(by) ? [] : (this.listener.errorPages ?? []);
  }

  #outcome(
    asked: AskedRequest,
    { request, client }: Arrived,
    decision: Decision,
    routeClass: RouteClass | undefined,
    taken: RouteAt | undefined,
  ): Pick<Evaluation, "outcome" | "why" | "timeLimits"> & { readonly delayMs?: number } {
    const sent = decision.headers;
    const answered = (by: AnswerBy, answer: Answer & { grpcStatus?: number }, why?: string) => ({
      outcome: { kind: "answer" as const, by, answer: localReply(sent, answer, this.#pagesOf(by)) },
      ...(why !== undefined && { why }),
    });
    if (decision.outcome === "respond") {
      const { status = 0, responseHeaders = [], body = "", grpcStatus } = decision;
      return answered(answeredBy(decision, taken?.route), {
        status,
        headers: responseHeaders,
        body,
        ...(grpcStatus !== undefined && { grpcStatus }),
      });
    }
    const cors = routeClass?.cors && judgeOrigin(routeClass.cors, sent);
    if (cors?.isAnswered) {
      return answered("preflight", { status: 200, headers: cors.headers, body: "" });
    }
    const { protocol } = requestAt(asked, this.listener);
    const base = { protocol, client };
    if (routeClass?.answer) {
      return this.#answerOfClass(sent, routeClass, taken!.route, base, request);
    }
    const fault = this.#faults.get(decision.cluster ?? "");
    const name = fault?.cluster ?? decision.cluster ?? "";
    const action = taken?.route.action;
    const limits = action?.kind === "forward" ? timeLimitsOf(sent, action, this.listener.routes) : undefined;
    // Envoy tells the upstream of the time before it writes a rule's headers.
    const timed = limits ? withTimeLimits(sent, limits, this.listener.routes) : sent;
    const upstreamHeaders = throughClass(timed, routeClass, this.listener.routes, (headers) => ({
      ...base,
      request: headers,
    }));
    // With status 0 for what Envoy says in place of an upstream: the variable has no value yet.
    const respond = (status: number, headers: readonly HeaderLine[]): HeaderLine[] => {
      const contextOf = (response: readonly HeaderLine[]): FormatContext => ({
        ...base,
        request: upstreamHeaders,
        response: { status, headers: response },
        cluster: name,
      });
      const own = mutate(headers, routeClass?.destinationHeaders?.response, contextOf);
      return [...mutate(own, routeClass?.headers?.response, contextOf), ...(cors?.headers ?? [])];
    };
    const met =
      fault && limits && action?.kind === "forward"
        ? meetFault(fault.fault, limits, action.retry, (perMillion) => this.#roll(perMillion))
        : undefined;
    const waited = { ...(met && { delayMs: met.elapsedMs }), ...(limits && { timeLimits: limits }) };
    if (met?.answer) {
      const answer = { ...met.answer, headers: respond(met.answer.status, []) };
      return { ...answered("abort", answer), ...waited };
    }
    const cluster = this.#clusters.get(name);
    const endpoints = cluster?.discovery.endpoints ?? [];
    if (!this.#isReachable(cluster)) {
      const why = cluster === undefined ? `there is no cluster ${name}` : `${name} has no endpoints`;
      const body = cluster === undefined ? "" : "no healthy upstream";
      return { ...answered("unavailable", { status: 503, headers: respond(0, []), body }, why), ...waited };
    }
    const upstream = sentRequest(envoysHeaders(upstreamHeaders, this.listener));
    return {
      outcome: {
        kind: "forward",
        cluster: name,
        endpoints,
        upstream,
        answer: { status: 200, headers: respond(200, this.#upstream(name)), body: "" },
        copies: (routeClass?.mirrors ?? [])
          .filter(({ cluster, perMillion }) => this.#isCopied(cluster, perMillion))
          .map(({ cluster }) => ({ cluster, ...upstream })),
      },
      ...waited,
    };
  }

  /** Envoy answers in place of the filter, because a variable is in it; the filter knows the rest. */
  #answerOfClass(
    sent: readonly HeaderLine[],
    routeClass: RouteClass,
    route: Route,
    base: Pick<FormatContext, "protocol" | "client">,
    request: ArrivedRequest,
  ): Pick<Evaluation, "outcome"> {
    const { action } = routeClass.answer!;
    const headers: HeaderLine[] = hasLocation(action)
      ? [["location", this.#location(action, route, request)]]
      : [];
    const body =
      action.kind === "redirect"
        ? ""
        : action.base64
          ? Buffer.from(action.body, "base64").toString()
          : action.body;
    // What Envoy says itself has no status yet when variables are worked out.
    const written = mutate(headers, routeClass.headers?.response, (response) => ({
      ...base,
      request: sent,
      response: { status: 0, headers: response },
    }));
    const answer = localReply(sent, { status: action.status, headers: written, body });
    return { outcome: { kind: "answer", by: action.kind, answer } };
  }

  /** The filter puts a location together, here with nothing beside it. */
  #location(action: Redirect | DirectResponse, { match }: Route, request: ArrivedRequest): string {
    const root = this.#configure(
      encodeProgram({
        ignorePortInHost: true,
        virtualHosts: [{ name: "", domains: ["*"], routes: [{ name: "", match, action }] }],
      }),
    );
    try {
      return headerOf(this.#vm.decide(root, request).responseHeaders ?? [], "location") ?? "";
    } finally {
      this.#vm.deleteRoot(root);
    }
  }

  /** Whether somebody is there to answer; whoever a request names itself is taken to be. */
  #isReachable(cluster: Cluster | undefined): boolean {
    if (cluster === undefined) {
      return false;
    }
    const { kind, endpoints } = cluster.discovery;
    // What a gateway is asked for is its own name, and no destination.
    if (kind === "originalDestination") {
      return this.listener.role === "mesh";
    }
    return kind === "byAuthority" || endpoints.some(({ unhealthy }) => !unhealthy);
  }

  /** A copy for nobody is none. */
  #isCopied(cluster: string, perMillion: number): boolean {
    return this.#isReachable(this.#clusters.get(cluster)) && this.#roll(perMillion);
  }

  #roll(perMillion: number): boolean {
    return this.#nextRandom() % 1_000_000 < perMillion;
  }

  #nextRandom(): number {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    return this.#random >>> 0;
  }
}

function unauthenticated(
  { request, client }: Arrived,
  { status, body }: Unauthenticated,
  pages: readonly ErrorPage[],
): Evaluation {
  const { method, authority, path, headers } = request;
  const lines: HeaderLine[] = [[":method", method], ...headers];
  const proto = headerOf(headers, "x-forwarded-proto") ?? request.scheme;
  const challenge: HeaderLine = [
    "www-authenticate",
    `Bearer realm="${proto}://${authority}${path}", error="invalid_token"`,
  ];
  const answer = localReply(lines, { status, headers: [challenge], body }, pages);
  return {
    request,
    client,
    delayMs: 0,
    outcome: { kind: "answer", by: "unauthenticated", answer },
    why: body,
    disagreements: [],
  };
}

/** Nothing of the request is known then, its method included. */
function refusedOutcome(
  { status, location, grpcStatus, body }: Refusal,
  pages: readonly ErrorPage[],
): Outcome {
  const headers: readonly HeaderLine[] = [
    ...(location === undefined ? [] : ([["location", location]] as const)),
    ...(body === "" ? [] : ([["content-type", "text/plain"]] as const)),
    ...(grpcStatus === undefined
      ? []
      : ([
          ["content-type", "application/grpc"],
          ["grpc-status", String(grpcStatus)],
        ] as const)),
  ];
  return status === undefined
    ? { kind: "answer", by: "reset", answer: { status: 0, headers: [], body: "" } }
    : { kind: "answer", by: "refused", answer: withErrorPage([], { status, headers, body }, pages) };
}

/** What Envoy itself adds to a request that goes on, as far as it is the same each time. */
function envoysHeaders(
  headers: readonly HeaderLine[],
  { proxyHeaders }: Pick<Listener, "proxyHeaders">,
): HeaderLine[] {
  const passedOn = headers.filter(([name]) => !ROUTER_HEADERS.has(name));
  return proxyHeaders?.withoutAttemptCount ? passedOn : setHeader(passedOn, ATTEMPT_COUNT_HEADER, "1");
}

/** With the name of the server that rules give the proxy, which nobody else has a say in. */
function namedByProxy(outcome: Outcome, { proxyHeaders }: Pick<Listener, "proxyHeaders">): Outcome {
  const { server } = proxyHeaders ?? {};
  if (server?.kind !== "named" || outcome.answer.status === 0) {
    return outcome;
  }
  const headers = setHeader(outcome.answer.headers, "server", server.name);
  return { ...outcome, answer: { ...outcome.answer, headers } };
}

function sentRequest(headers: readonly HeaderLine[]): SentRequest {
  return {
    method: headerOf(headers, ":method") ?? "",
    host: headerOf(headers, ":authority") ?? "",
    path: headerOf(headers, ":path") ?? "",
    // By HTTP/1.1, blanks around a value are no part of it.
    headers: headers
      .filter(([name]) => !name.startsWith(":"))
      .map(([name, value]): HeaderLine => [name, value.replace(/^[ \t]+|[ \t]+$/g, "")]),
  };
}

function answeredBy(decision: Decision, route: Route | undefined): AnswerBy {
  if (route === undefined) {
    return "noRoute";
  }
  const { action } = route;
  if (isLimited(route, decision)) {
    return "limit";
  }
  if (action.kind === "forward" || (decision.body === "fault filter abort" && isAbort(decision, route))) {
    return "abort";
  }
  return action.kind;
}

function isAbort({ status, grpcStatus }: Decision, { fault }: Route): boolean {
  const abort = fault?.abort;
  return (
    abort !== undefined && (abort.kind === "http" ? abort.status === status : abort.status === grpcStatus)
  );
}

/** The evaluators of a configuration, each made when it is first asked. */
export class Evaluators {
  readonly config: Config;
  readonly #module: WebAssembly.Module;
  readonly #upstream: Upstream | undefined;
  readonly #shared: SharedData | undefined;
  readonly #made = new Map<string, Evaluator>();

  /** `shared`: where limits on the rate of requests count what was asked. Without, every request finds them untouched. */
  constructor(module: WebAssembly.Module, config: Config, upstream?: Upstream, shared?: SharedData) {
    this.config = config;
    this.#module = module;
    this.#upstream = upstream;
    this.#shared = shared;
  }

  /** Others of the same configuration, for which limits count what they are asked from now on. */
  withLimits(): Evaluators {
    return new Evaluators(this.#module, this.config, this.#upstream, new SharedData());
  }

  get(name: string): Evaluator | undefined {
    const listener = this.config.listeners.find((candidate) => candidate.name === name);
    if (listener === undefined) {
      return undefined;
    }
    const known =
      this.#made.get(name) ??
      new Evaluator(this.#module, listener, this.config, this.#upstream, this.#shared);
    this.#made.set(name, known);
    return known;
  }

  /**
   * Where a request goes that names no listener: the mesh's, unless only another one knows the host. A gateway on the
   * port of the URL goes before others. Where none knows the host, one that has rules is meant.
   */
  listenerFor({ authority, secure }: Pick<AskedRequest, "authority" | "secure">): Listener | undefined {
    const { listeners } = this.config;
    const speaking = listeners.filter(({ tls }) => (tls !== undefined) === (secure === true));
    const port = Number(/:(\d+)$/.exec(authority)?.[1] ?? (secure ? 443 : 80));
    const preference = ({ role, servicePort }: Listener) => {
      if (role === "mesh") {
        // The explicit proxy is asked for every port.
        return servicePort === undefined ? 0 : 3;
      }
      return servicePort === port ? 1 : 2;
    };
    const sorted = [...(speaking.length > 0 ? speaking : listeners)].sort(
      (a, b) => preference(a) - preference(b),
    );
    return (
      sorted.find((listener) => namesHost(listener, authority)) ??
      sorted.find(({ role, routes }) => role === "gateway" && hostOf(routes, authority)) ??
      sorted.find(hasRules) ??
      sorted[0]
    );
  }
}

/** Every listener may have a host of last resort; one that names the host is meant. */
export function namesHost({ routes }: Listener, authority: string): boolean {
  return (hostOf(routes, authority)?.domain ?? "*") !== "*";
}

/** What services have without any VirtualService is nobody's rule. */
function hasRules({ routes }: Listener): boolean {
  return routes.virtualHosts.some((host) => host.routes.some(({ origin }) => origin !== undefined));
}
