/**
 * The waist of the compiler: what one Envoy is told to do, with nothing of Istio left in it.
 *
 * Whatever describes routes lowers to this; the blob for the filter, Envoy's clusters and listeners, and the
 * native `RouteConfiguration` are all made from this and from nothing else. Plain data: it prints as JSON
 * (`sluice build --print ir`), compares with deep equality, and holds every default explicitly, so that two
 * back ends cannot disagree about a value that is missing.
 *
 * Durations are milliseconds, sizes bytes, fractions parts per million.
 */

import type { Span } from "../diagnostics/span.ts";
import type { AccessLog } from "./access-log.ts";
import type { Authentication } from "./authentication.ts";
import type { Compression } from "./compression.ts";
import type { Confidential } from "./confidential.ts";
import type { HttpLimits, SocketLimits, Underscores } from "./connection-limits.ts";
import type { DnsServer } from "./dns.ts";
import type { ErrorPage } from "./error-page.ts";
import type { HealthCheck } from "./health-check.ts";
import type { PathSteps } from "./path-steps.ts";
import type { ProxyHeaders } from "./proxy-headers.ts";
import type { RateLimit } from "./rate-limit.ts";
import type { Topology } from "./topology.ts";

/** Everything for one Envoy. Listeners and clusters are sorted by name, so equal rules give equal bytes. */
export interface Config {
  readonly listeners: readonly Listener[];
  readonly clusters: readonly Cluster[];
  /** Faults that stand before a cluster, sorted by name. Absent: none. */
  readonly upstreamFaults?: readonly UpstreamFault[];
  /** Connections that are passed on as they are, sorted by name. Absent: none. */
  readonly tcpChains?: readonly TcpChain[];
  /** What listeners and clusters name, sorted by name. Absent: none. */
  readonly secrets?: readonly Secret[];
  /** Absent: the proxy resolves no names for others. */
  readonly dns?: DnsServer;
  /** Of every request's path, before rules see it. Absent: Istio's own (`BASE`). */
  readonly pathNormalization?: PathNormalization;
  /** What Envoy writes of requests where its own options say nothing of it. Without a path: only how, if it is told where. */
  readonly accessLog?: AccessLog;
  /** How long a client of a port that may speak anything has to begin, in milliseconds; 0: as long as it likes. Absent: 5 s. */
  readonly detectionTimeoutMs?: number;
  /** How many worker threads Envoy is started with. Absent: one for each core. */
  readonly workers?: number;
  /** Of clients, at one time and on all listeners together. Absent: any number. Envoy is told at its start, and then no more. */
  readonly maxConnections?: number;
}

/** Istio's `meshConfig.pathNormalization`. */
export type PathNormalization = "NONE" | "BASE" | "MERGE_SLASHES" | "DECODE_AND_MERGE_SLASHES";

/** An edge listener does not trust what a client says about itself; an outbound one does. */
export type Role = "gateway" | "mesh";

/** Connections in which no HTTP is read. They can share a socket with others that are told from them. */
export interface TcpChain {
  readonly name: string;
  readonly role: Role;
  /** The listener that it is part of, with HTTP or without. Absent: one of its own, or that of all TLS on its socket. */
  readonly listener?: string;
  /** Ranges (CIDR) of the addresses that its connections are for; a redirected one keeps its own. Absent: all. */
  readonly addresses?: readonly string[];
  readonly address: string;
  /** The port bound, after `--port-map`. */
  readonly port: number;
  /** The port that clients mean, as that of a listener. Absent: the port bound. */
  readonly servicePort?: number;
  /** What clients ask for by TLS. Empty: whatever they ask for, or nothing. */
  readonly serverNames: readonly string[];
  /** TLS that ends elsewhere begins with what the client asks for. */
  readonly readsServerName?: true;
  /** Of which the client proposes one by ALPN. Absent: whatever it proposes, or nothing. */
  readonly applicationProtocols?: readonly string[];
  /** TLS that ends here. */
  readonly tls?: ServerTls;
  /** As that of a listener. */
  readonly proxyProtocol?: true;
  readonly limits?: SocketLimits;
  readonly destinations: readonly { readonly cluster: string; readonly weight: number }[];
  /** The name that a client asks for is looked up, and asked on this port, by destinations without endpoints. */
  readonly lookupPort?: number;
  readonly idleTimeoutMs?: number;
  readonly maxConnectionDurationMs?: number;
  /** Connections of one client stay with one endpoint. */
  readonly hashesSource?: true;
  /** The endpoint is an HTTP proxy that is asked for this host and port. */
  readonly tunnel?: { readonly method: "CONNECT" | "POST"; readonly target: string };
  /** The rule that it came from, as that of a route. Absent: no rule says where its connections go. */
  readonly origin?: ConnectionOrigin;
  /** Nothing binds its socket: it is there for questions alone, about a proxy without listeners for the ports of the mesh. */
  readonly isUnbound?: true;
}

/** Which rule of which resource made a chain. Indices count from 0; `match` is absent where several, or none, have made it. */
export interface ConnectionOrigin {
  readonly resource: string;
  /** The field of the resource that the rule stands in. */
  readonly list: "tcp" | "tls";
  readonly rule: number;
  readonly match?: number;
  readonly span: Span;
}

/** A certificate with its key, or authorities that are trusted. */
export interface Secret {
  readonly name: string;
  readonly content: CertificateContent | AuthorityContent;
  /** Keys and lists of authorities are in files that somebody else writes, and may change at any time. */
  readonly inFiles: boolean;
  /** The files are the proxy's own, which nobody reads for it. */
  readonly isProxysOwn?: true;
}

export interface CertificateContent {
  readonly kind: "certificate";
  /** PEM, or where `inFiles` the path of it. */
  readonly chain: string;
  readonly key: Confidential;
}

export interface AuthorityContent {
  readonly kind: "authority";
  readonly trusted: string;
  /** A list of the certificates that are revoked. */
  readonly revoked?: string;
}

/**
 * A fault that behaves as if a cluster had it: requests go through it on their way to the cluster, each try anew, and
 * what it answers is an answer of the upstream.
 */
export interface UpstreamFault {
  /** `fault|<of its content>|<cluster>`: what a destination names as `fault`. */
  readonly name: string;
  readonly cluster: string;
  readonly fault: Fault;
  /** For failures to reach the cluster, which the router before the fault cannot tell from answers. */
  readonly retry: RetryPolicy;
  /** Of the routes that lead here: it is behind the fault that an endpoint is chosen. */
  readonly hash?: readonly HashKey[];
}

/** One plain HTTP listener with its own route table (and so its own blob). */
export interface Listener {
  /** `gateway_<port>`, `mesh` or `mesh_<port>`: also the name of the blob and of the ECDS resource. */
  readonly name: string;
  readonly role: Role;
  /**
   * The port that clients mean, before `--port-map`: that of the Gateway's server, or of the services. Absent for the
   * explicit proxy, whose clients name every port themselves, and for a unix socket.
   */
  readonly servicePort?: number;
  /** `unix:` and a path for a unix socket. */
  readonly address: string;
  /** The port bound, after `--port-map`. Those with `tls` may share it: clients say whom they mean. */
  readonly port: number;
  readonly tls?: ServerTls;
  /** Connections that do not begin like HTTP are for chains on the same socket, and those for these addresses, too. */
  readonly sniffs?: { readonly addresses: readonly string[] };
  /** Only of an edge. Absent: clients connect to it themselves (`DIRECT`). */
  readonly topology?: Topology;
  /** Connections begin with a header of the PROXY protocol, of either version, which says who connects. */
  readonly proxyProtocol?: true;
  readonly proxyHeaders?: ProxyHeaders;
  /** What clients read when the proxy itself has to say that something went wrong. Absent: Envoy's own words. */
  readonly errorPages?: readonly ErrorPage[];
  /** Absent: responses go as they are. */
  readonly compression?: Compression;
  readonly limits?: HttpLimits;
  /** Absent: headers with underscores are like others. */
  readonly underscores?: Underscores;
  /** In place of those of the whole proxy. */
  readonly paths?: Partial<PathSteps>;
  /** Whose tokens are verified. Absent: nobody's, and no request has claims. */
  readonly authentication?: Authentication;
  readonly routes: RouteTable;
}

/** What TLS both sides of a connection can be asked for. Names are those of secrets. */
interface TlsPeer {
  /** One of them has to be in the certificate of the other side. Empty: any will do. */
  readonly subjectAltNames: readonly string[];
  /** Whom the other side's certificate has to be of. */
  readonly authority?: string;
}

/** TLS that ends here. */
export interface ServerTls extends TlsPeer {
  /** What clients ask for (SNI), lower case; `*.suffix` is possible. Empty: whatever they ask for. */
  readonly serverNames: readonly string[];
  /** Empty only while rules are asked about, which no certificate decides: no Envoy is told so. */
  readonly certificates: readonly string[];
  readonly clientCertificate: "none" | "optional" | "required";
  /** Hashes of certificates, in base64 or hexadecimal, one of which the client's must have. */
  readonly spkiHashes: readonly string[];
  readonly certificateHashes: readonly string[];
  /** A client's certificate may be of anybody. */
  readonly acceptUntrusted?: true;
  readonly minVersion?: TlsVersion;
  readonly maxVersion?: TlsVersion;
  readonly cipherSuites: readonly string[];
  readonly curves: readonly string[];
}

export type TlsVersion = "1.0" | "1.1" | "1.2" | "1.3";

/** TLS that begins here. */
export interface ClientTls extends TlsPeer {
  readonly certificate?: string;
  /** Absent: the host that the request is for. */
  readonly sni?: string;
  /** The certificate has to be for the host that the request is for. */
  readonly verifiesHost?: true;
  /** What is proposed by ALPN. Absent: the HTTP that is spoken. */
  readonly applicationProtocols?: readonly string[];
  /** Absent: Envoy's own. */
  readonly cipherSuites?: readonly string[];
  readonly curves?: readonly string[];
}

/** What a listener decides from. Envoy's `RouteConfiguration`. */
export interface RouteTable {
  /** Match domains against the authority without its port (Envoy's `ignore_port_in_host_matching`). */
  readonly ignorePortInHost: boolean;
  /** Whether clients may speak gRPC-Web to upstreams that speak gRPC. */
  readonly grpcWeb?: true;
  /** The router tells nobody anything by `x-envoy-…`: what a rewrite has replaced, how long there is, how long it took. */
  readonly suppressesEnvoyHeaders?: true;
  /** Domains are unique over all virtual hosts of a table. */
  readonly virtualHosts: readonly VirtualHost[];
}

/** A set of domains and the routes that serve them, tried in order; the first that matches wins, none is 404. */
export interface VirtualHost {
  readonly name: string;
  /**
   * Lower case. Exact (`a.example`, `a.example:8080`), suffix wildcard (`*.example`), or `*`; the exact domain
   * wins, then the longest suffix, then `*`. A wildcard stands for at least one character.
   */
  readonly domains: readonly string[];
  readonly routes: readonly Route[];
  /** What the resources of these routes say besides, and why it left no route here. For people alone. Absent: nothing. */
  readonly omitted?: readonly Omission[];
  /**
   * Requests that did not come by https are sent to their own URL by it. The first route says so, for whoever needs one; others
   * are for what came by https to a proxy in front.
   */
  readonly requireTls?: true;
}

/** A rule, or one of its matches, that has no route in a virtual host which its resource rules. */
export interface Omission {
  /** As that of a route. */
  readonly name: string;
  readonly origin: RouteOrigin;
  readonly reason: OmissionReason;
}

export type OmissionReason =
  /** No request at this listener meets these conditions, written as the rule has them: `port 8080`, `gateways a, b`. */
  | { readonly kind: "elsewhere"; readonly conditions: readonly string[] }
  /** An earlier rule takes every request. */
  | { readonly kind: "covered"; readonly by: RouteOrigin }
  /** Every weight is 0, or there is no destination. */
  | { readonly kind: "noDestination" };

/** A rule, or one of its matches: what requests it takes, and what becomes of them. */
export interface Route {
  /** `http.name`, with `.` and `match.name` when the match has one. Empty when the rule has no name. */
  readonly name: string;
  readonly match: RouteMatch;
  /** Prefix of Envoy's statistics for this route. */
  readonly statPrefix?: string;
  /** Met before everything else, whatever the action is. */
  readonly rateLimit?: RateLimit;
  readonly fault?: Fault;
  readonly cors?: CorsPolicy;
  /** Applied to every answer: an upstream's, and what the proxy itself says (aborts, redirects, direct responses). */
  readonly responseHeaders?: HeaderMutation;
  readonly action: Action;
  /** The rule in the input that this route came from, for `explain` and diagnostics; not part of any output. */
  readonly origin?: RouteOrigin;
}

/** Which rule of which resource made a route. Indices count from 0; `match` is absent for a rule without matches. */
export interface RouteOrigin {
  /** `namespace/name#rule`: the same for as long as the resource keeps its name and the rule its own. */
  readonly ruleId: string;
  /** The same, and where the rule has several matches `.` with the match's name, or its number from 1, behind it. */
  readonly id: string;
  readonly resource: string;
  readonly rule: number;
  readonly match?: number;
  readonly span: Span;
  /** Of the whole rule, for what is said of that and not of one of its matches. Absent: `span` says enough. */
  readonly ruleSpan?: Span;
}

/** All of it must hold (and). A match without predicates takes every request of the virtual host. */
export interface RouteMatch {
  readonly path?: PathMatch;
  readonly headers: readonly HeaderMatch[];
  readonly queryParams: readonly QueryParamMatch[];
}

export type StringMatch =
  | { readonly kind: "exact"; readonly value: string }
  | { readonly kind: "prefix"; readonly value: string }
  /** RE2 syntax, full match. */
  | { readonly kind: "regex"; readonly value: string };

export type ValueMatch = StringMatch | { readonly kind: "present" };

/** Compared with the normalised path without its query. `ignoreCase` (ASCII) has no effect on a regex. */
export type PathMatch = StringMatch & { readonly ignoreCase: boolean };

export interface HeaderMatch {
  /** Lower case; pseudo headers (`:method`, `:scheme`, `:authority`, `:path`) included. Of a claim: its `claimName`. */
  readonly name: string;
  /**
   * The path of a claim of the verified token, which is compared in place of a header: its lines are the text that it is, or the
   * texts of the list that it is. What is neither is missing.
   */
  readonly claim?: readonly string[];
  /** A header that arrives as several lines matches when one line does. */
  readonly match: ValueMatch;
  /** The whole predicate is negated (`withoutHeaders`). */
  readonly invert: boolean;
  /** A missing header is compared as the empty string, before `invert` is applied. */
  readonly missingAsEmpty: boolean;
}

export interface QueryParamMatch {
  /** Case-sensitive; the first occurrence counts, compared raw (no percent decoding). */
  readonly name: string;
  readonly match: ValueMatch;
}

export type Action = Forward | Redirect | DirectResponse;

/** Send the request to one of the destinations. */
export interface Forward {
  readonly kind: "forward";
  /** At least one; the share of each is weight / sum. A single destination always has weight 1. */
  readonly destinations: readonly Destination[];
  /** The whole request, retries included. 0 turns Envoy's timeout off. */
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  /** Of the path; the query stays. The upstream also gets `x-envoy-original-path`. */
  readonly rewrite?: PathRewrite;
  /** The new `:authority`, for every destination that has none of its own. */
  readonly hostRewrite?: string;
  /** The host that `hostRewrite` takes the place of is appended to `x-forwarded-host`. */
  readonly appendsForwardedHost?: true;
  /** Applied after those of the destination, so that they win. */
  readonly requestHeaders?: HeaderMutation;
  readonly mirrors?: readonly Mirror[];
  /** What the split is a function of, in place of the dice. Only when there are several destinations. */
  readonly sticky?: Sticky;
  /** What the hash of a request is made of, for clusters that pick an endpoint by it. Each adds to it. */
  readonly hash?: readonly HashKey[];
}

/** A request that lacks it, or has it empty, is split by the dice. */
export type Sticky =
  /** Lower case; the first line counts. */
  | { readonly kind: "header"; readonly name: string }
  | { readonly kind: "cookie"; readonly name: string }
  /** The client's address without its port, as Envoy has determined it. */
  | { readonly kind: "sourceIp" };

/** A part of a request that consistent hashing looks at. One that is not there adds nothing. */
export type HashKey =
  | { readonly kind: "header"; readonly name: string }
  | {
      readonly kind: "cookie";
      readonly name: string;
      /** The proxy gives a client without the cookie one that lives so long (0: as long as the browser). Absent: none. */
      readonly ttlMs?: number;
      readonly path?: string;
      readonly attributes?: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly kind: "sourceIp" }
  | { readonly kind: "queryParam"; readonly name: string };

export interface Destination {
  readonly cluster: string;
  /** The name of an UpstreamFault that stands before the cluster. */
  readonly fault?: string;
  /** 1 to 4294967295. */
  readonly weight: number;
  /**
   * Applied before those of the route, for a part of a split, which may be the only part that has a weight. Those of a
   * destination that was written alone stand behind the route's, in the same list (and so win), as istiod writes them.
   */
  readonly requestHeaders?: HeaderMutation;
  readonly responseHeaders?: HeaderMutation;
  /** The new `:authority`; the route's own `hostRewrite` wins. */
  readonly hostRewrite?: string;
}

export type PathRewrite =
  /** Literally in place of what the route's path match has matched: the prefix, or (exact, regex) the whole path. */
  | { readonly kind: "matched"; readonly value: string }
  /** Every match of an RE2 pattern; `\1` to `\9` in the substitution are captures, `\0` is the match. */
  | { readonly kind: "regex"; readonly pattern: string; readonly substitution: string };

/** A copy of requests, whose answer nobody waits for. Its share in parts per million. */
export interface Mirror {
  readonly cluster: string;
  readonly perMillion: number;
}

/**
 * Removed first, then `set` and `add` in their order. Names are lower case and no pseudo headers. A value is an
 * Envoy format string: `%REQ(x-id)%` is a variable, `%%` a percent sign.
 */
export interface HeaderMutation {
  readonly remove: readonly string[];
  readonly write: readonly HeaderWrite[];
}

export interface HeaderWrite {
  readonly name: string;
  readonly value: string;
  /** In place of the header that is there, or as one more line. */
  readonly append: boolean;
}

/** Envoy's `CorsPolicy`. */
export interface CorsPolicy {
  /** One match is enough. Compared with the whole `origin` header. */
  readonly allowOrigins: readonly StringMatch[];
  /** As the headers of an answer have them; empty: the header is not written. */
  readonly allowMethods: string;
  readonly allowHeaders: string;
  readonly exposeHeaders: string;
  /** Seconds. Absent: not written. */
  readonly maxAgeSeconds?: number;
  readonly allowCredentials: boolean;
  /** Preflights whose origin is not allowed go to the upstream; else the proxy answers them, without CORS headers. */
  readonly forwardUnmatchedPreflights: boolean;
}

/** Envoy's `RetryPolicy`. `attempts` 0 means no retries at all, and the rest is then empty. */
export interface RetryPolicy {
  /** Tries after the first. */
  readonly attempts: number;
  /** 0: the route's timeout bounds each try. */
  readonly perTryTimeoutMs: number;
  /** Envoy's names, in the order of the rule: `connect-failure`, `5xx`, … */
  readonly retryOn: readonly string[];
  readonly retriableStatusCodes: readonly number[];
  /** Do not go to a host again that has been tried. */
  readonly avoidPreviousHosts: boolean;
  /** Prefer another locality after each two tries. */
  readonly avoidPreviousPriorities: boolean;
  /** Base interval of the back-off. Absent: as Envoy itself backs off, from 25 ms on. */
  readonly backOffMs?: number;
}

/** Answered by the proxy itself: the same URL but for what is given. Envoy's `RedirectAction`. */
export interface Redirect {
  readonly kind: "redirect";
  readonly status: 301 | 302 | 303 | 307 | 308;
  /** A new host; it may have a port, which then replaces the request's. */
  readonly host?: string;
  /** Absent: the request's port stays, but for a scheme's default port when the scheme changes. */
  readonly port?: number;
  /** The request's port stays in any case. */
  readonly keepPort?: true;
  readonly scheme?: string;
  /** With a query of its own it replaces the request's, which is kept otherwise. Empty: the path stays. */
  readonly path?: { readonly kind: "whole"; readonly value: string } | PathRewrite;
}

/** Answered by the proxy itself. */
export interface DirectResponse {
  readonly kind: "directResponse";
  readonly status: number;
  readonly body: string;
  /** The body stands in base64: it is bytes and no text. */
  readonly base64?: boolean;
}

/** Both parts roll their own dice; the delay happens first. */
export interface Fault {
  readonly delay?: { readonly fixedMs: number; readonly perMillion: number };
  readonly abort?: FaultAbort & { readonly perMillion: number };
}

export type FaultAbort =
  | { readonly kind: "http"; readonly status: number }
  /** Canonical gRPC code, 0 to 16. */
  | { readonly kind: "grpc"; readonly status: number };

/** One Envoy cluster: a subset of a service on one port. */
export interface Cluster {
  /** `outbound|<port>|<subset>|<fqdn>`. */
  readonly name: string;
  readonly discovery: Discovery;
  /** After how long a name that could not be resolved is asked for again; one that could is asked for when its TTL is over. Absent: 60 s. */
  readonly dnsRefreshMs?: number;
  /** What is spoken to the endpoints. `downstream` follows the client's protocol. */
  readonly protocol: "http1" | "http2" | "downstream" | "tcp";
  /** Over HTTP/1.1, names of headers reach endpoints in the case that they were sent in. */
  readonly keepsHeaderCase?: true;
  readonly connectTimeoutMs: number;
  readonly loadBalancer: LoadBalancer;
  /** First a locality is picked by weight, and an endpoint then. Absent: localities make no difference. */
  readonly byLocalityWeight?: true;
  /**
   * Of the zones of a region, Envoy prefers its own, as far as it knows how many of its kind are in each: not at all, where it
   * has no list of them. `minClusterSize`: endpoints below which it does not; absent: Envoy's default. Not with `byLocalityWeight`.
   */
  readonly zoneAware?: { readonly enabled: boolean; readonly minClusterSize?: number };
  readonly limits: Limits;
  readonly tcpKeepalive?: {
    readonly probes?: number;
    readonly timeMs?: number;
    readonly intervalMs?: number;
  };
  /** 0 or absent: unlimited. */
  readonly maxRequestsPerConnection?: number;
  /** Idle time of an upstream HTTP connection; absent: Envoy's default (1 hour), 0: never closed. */
  readonly idleTimeoutMs?: number;
  readonly maxConnectionDurationMs?: number;
  readonly outlierDetection?: OutlierDetection;
  /** Absent: an endpoint is what discovery says of it. Never where endpoints are looked up by each request. */
  readonly healthCheck?: HealthCheck;
  /** Limits of HTTP/2 connections; only where `protocol` is `http2`. */
  readonly http2?: Http2Settings;
  /** Connections begin with a line (or, `v2`, a block) that tells the endpoint who the client is. */
  readonly proxyProtocol?: "v1" | "v2";
  /** Absent: plain text. */
  readonly tls?: ClientTls;
  /** Soft limit of each buffer of a connection. Absent: Envoy's, 1 MiB. */
  readonly bufferBytes?: number;
}

export interface Http2Settings {
  readonly maxConcurrentStreams?: number;
  /** PING frames; each must be answered in time, or the connection is closed. */
  readonly keepalive?: { readonly intervalMs?: number; readonly timeoutMs: number };
}

export type Discovery =
  /** Known addresses, delivered by EDS, so that endpoints come and go without touching the cluster. */
  | { readonly kind: "eds"; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: "strictDns"; readonly endpoints: readonly Endpoint[] }
  | { readonly kind: "logicalDns"; readonly endpoints: readonly Endpoint[] }
  /** The host and port that each request asks for, looked up when it comes. */
  | { readonly kind: "byAuthority"; readonly endpoints: readonly [] }
  /**
   * Where the connection was meant for. An explicit proxy learns that from the authority as well; at an edge, where
   * a request's host is one of the edge's own, there is nothing to learn, and nowhere to go.
   */
  | { readonly kind: "originalDestination"; readonly endpoints: readonly [] }
  /**
   * The address that a redirected connection was meant for, in which no HTTP is read, on this port: one that was meant for
   * the proxy's own port does not go round for ever.
   */
  | { readonly kind: "originalAddress"; readonly port: number; readonly endpoints: readonly [] };

export interface Endpoint {
  /** An IP address, `unix:` and the path of a socket (EDS), or a DNS name. */
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly locality?: { readonly region: string; readonly zone: string; readonly subZone: string };
  /** Counts among those that could be there, and is not asked: priorities look at the share that is. */
  readonly unhealthy?: true;
  /** Where it is asked whether it is well; absent: at `port`. Never of a socket. */
  readonly healthPort?: number;
  /** 0, the first, when absent. Endpoints of the next are used as far as those before fail; none is skipped. */
  readonly priority?: number;
  /** Of its whole locality, the same for all in it, where the cluster goes by that. Absent: the sum of theirs. */
  readonly localityWeight?: number;
}

export type LoadBalancer =
  | { readonly kind: "leastRequest" | "roundRobin"; readonly slowStart?: SlowStart }
  | { readonly kind: "random" }
  /** Endpoints on a circle: absent sizes are Envoy's. */
  | { readonly kind: "ringHash"; readonly minimumRingSize?: number }
  | { readonly kind: "maglev"; readonly tableSize?: number };

/** An endpoint that is new gets its share by and by. */
export interface SlowStart {
  readonly windowMs: number;
  /** 1 is a straight line; above, more comes earlier. */
  readonly aggression: number;
  /** Of the whole share, in percent, to begin with. */
  readonly minimumPercent: number;
}

/** Envoy's circuit breaker thresholds; absent means practically unlimited (4294967295), as istiod writes it. */
export interface Limits {
  readonly maxConnections?: number;
  readonly maxPendingRequests?: number;
  readonly maxRequests?: number;
  readonly maxRetries?: number;
  /** In place of `maxRetries`: retries as a share of the requests that are active. */
  readonly retryBudget?: {
    readonly percent: number;
    readonly minimum: number;
    /** For how long a request counts as active from when it began, also when it is over. Absent: as long as it is. */
    readonly intervalMs?: number;
  };
}

/** Absent fields keep Envoy's default. Counters of 0 are off. */
export interface OutlierDetection {
  readonly consecutive5xx?: number;
  readonly consecutiveGatewayFailure?: number;
  readonly splitExternalLocalOriginErrors?: boolean;
  readonly consecutiveLocalOriginFailure?: number;
  readonly intervalMs?: number;
  readonly baseEjectionTimeMs?: number;
  readonly maxEjectionPercent?: number;
  /** Statuses that count as errors, in place of those from 500 on. */
  readonly errorStatuses?: readonly number[];
  /** Envoy's panic threshold, percent of healthy endpoints. */
  readonly minHealthPercent?: number;
}
