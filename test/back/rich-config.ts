/** An IR with every feature that Envoy's configuration can show. */

import type { Cluster, Config, Endpoint, RetryPolicy, Route, RouteTable } from "../../compiler/ir/ir.ts";

const DEFAULT_RETRY: RetryPolicy = {
  attempts: 2,
  perTryTimeoutMs: 0,
  retryOn: ["connect-failure", "refused-stream", "unavailable", "cancelled", "retriable-status-codes"],
  retriableStatusCodes: [],
  avoidPreviousHosts: true,
  avoidPreviousPriorities: false,
};

const NO_RETRY: RetryPolicy = {
  attempts: 0,
  perTryTimeoutMs: 0,
  retryOn: [],
  retriableStatusCodes: [],
  avoidPreviousHosts: true,
  avoidPreviousPriorities: false,
};

function forward(name: string, cluster: string, more: Partial<Route> = {}): Route {
  return {
    name,
    match: { headers: [], queryParams: [] },
    action: {
      kind: "forward",
      destinations: [{ cluster, weight: 1 }],
      timeoutMs: 0,
      retry: DEFAULT_RETRY,
    },
    ...more,
  };
}

const reviews = (subset: string) => `outbound|9080|${subset}|reviews.default.svc.cluster.local`;

const routes = (answer: number): readonly Route[] => [
  forward("exact", reviews("v1"), {
    match: { path: { kind: "exact", value: "/exact", ignoreCase: true }, headers: [], queryParams: [] },
  }),
  forward("regex", reviews("v1"), {
    match: {
      path: { kind: "regex", value: "/[a-z]{1,400}/x", ignoreCase: true },
      headers: [],
      queryParams: [],
    },
  }),
  forward("predicates", reviews("v2"), {
    match: {
      path: { kind: "prefix", value: "/all", ignoreCase: false },
      headers: [
        { name: ":method", match: { kind: "exact", value: "GET" }, invert: false, missingAsEmpty: false },
        { name: "a", match: { kind: "prefix", value: "x" }, invert: false, missingAsEmpty: false },
        { name: "b", match: { kind: "regex", value: "x.*" }, invert: true, missingAsEmpty: true },
        { name: "c", match: { kind: "present" }, invert: true, missingAsEmpty: false },
        { name: "d", match: { kind: "exact", value: "" }, invert: false, missingAsEmpty: false },
        { name: "e", match: { kind: "prefix", value: "" }, invert: false, missingAsEmpty: false },
      ],
      queryParams: [
        { name: "q", match: { kind: "exact", value: "1" } },
        { name: "r", match: { kind: "present" } },
        { name: "s", match: { kind: "regex", value: "[0-9]+" } },
        { name: "t", match: { kind: "prefix", value: "p" } },
      ],
    },
  }),
  forward("fault", reviews("v2"), {
    match: { path: { kind: "prefix", value: "/fault", ignoreCase: false }, headers: [], queryParams: [] },
    fault: {
      delay: { fixedMs: 1.5, perMillion: 100_000 },
      abort: { kind: "http", status: 503, perMillion: 1 },
    },
  }),
  forward("fault-grpc", reviews("v2"), {
    match: { path: { kind: "prefix", value: "/grpc", ignoreCase: false }, headers: [], queryParams: [] },
    fault: { abort: { kind: "grpc", status: 14, perMillion: 0 } },
  }),
  {
    name: "split",
    match: { path: { kind: "prefix", value: "/split", ignoreCase: false }, headers: [], queryParams: [] },
    action: {
      kind: "forward",
      destinations: [
        { cluster: reviews("v1"), weight: 80 },
        {
          cluster: reviews("v2"),
          weight: 20,
          requestHeaders: { remove: [], write: [{ name: "x-q", value: "%REQ(:path)%", append: true }] },
          responseHeaders: { remove: ["x-r"], write: [{ name: "x-s", value: "100%%", append: true }] },
        },
        { cluster: "outbound|80||nobody.example", weight: 3 },
      ],
      timeoutMs: 1500,
      retry: {
        attempts: 3,
        perTryTimeoutMs: 250,
        retryOn: ["5xx", "retriable-status-codes"],
        retriableStatusCodes: [404, 409],
        avoidPreviousHosts: true,
        avoidPreviousPriorities: false,
      },
    },
  },
  {
    name: "classes",
    match: { path: { kind: "prefix", value: "/classes", ignoreCase: false }, headers: [], queryParams: [] },
    statPrefix: "classes",
    responseHeaders: { remove: ["x-r"], write: [{ name: "x-s", value: "%PROTOCOL%", append: false }] },
    cors: {
      allowOrigins: [
        { kind: "exact", value: "http://a.example" },
        { kind: "prefix", value: "http://b." },
        { kind: "regex", value: "https?://c" },
      ],
      allowMethods: "GET,PUT",
      allowHeaders: "x-a",
      exposeHeaders: "x-b",
      maxAgeSeconds: 60,
      allowCredentials: true,
      forwardUnmatchedPreflights: false,
    },
    action: {
      kind: "forward",
      destinations: [{ cluster: reviews("v1"), weight: 1 }],
      timeoutMs: 0,
      retry: {
        attempts: 1,
        perTryTimeoutMs: 0,
        retryOn: ["5xx"],
        retriableStatusCodes: [],
        avoidPreviousHosts: false,
        avoidPreviousPriorities: true,
        backOffMs: 10,
      },
      mirrors: [
        { cluster: reviews("v2"), perMillion: 1_000_000 },
        { cluster: "outbound|80||nobody.example", perMillion: 1 },
      ],
      hash: [
        { kind: "header", name: "x-user" },
        { kind: "cookie", name: "a" },
        {
          kind: "cookie",
          name: "b",
          ttlMs: 1500,
          path: "/",
          attributes: [{ name: "SameSite", value: "Strict" }],
        },
        { kind: "sourceIp" },
        { kind: "queryParam", name: "user" },
      ],
    },
  },
  {
    name: "retry-grpc",
    match: {
      path: { kind: "prefix", value: "/retry-grpc", ignoreCase: false },
      headers: [],
      queryParams: [],
    },
    action: {
      kind: "forward",
      destinations: [{ cluster: reviews("v1"), weight: 1 }],
      timeoutMs: 0,
      retry: {
        attempts: 1,
        perTryTimeoutMs: 0,
        retryOn: ["connect-failure", "unavailable"],
        retriableStatusCodes: [],
        avoidPreviousHosts: true,
        avoidPreviousPriorities: false,
      },
    },
  },
  {
    name: "",
    match: { path: { kind: "prefix", value: "/answer", ignoreCase: false }, headers: [], queryParams: [] },
    action: { kind: "directResponse", status: answer, body: "short and stout" },
  },
  {
    name: "rest",
    match: { headers: [], queryParams: [] },
    action: {
      kind: "forward",
      destinations: [{ cluster: reviews("v1"), weight: 1 }],
      timeoutMs: 0,
      retry: NO_RETRY,
    },
  },
];

const table = (answer: number): RouteTable => ({
  ignorePortInHost: true,
  virtualHosts: [
    { name: "reviews:80", domains: ["reviews", "reviews.default.svc.cluster.local"], routes: routes(answer) },
    { name: "wildcard", domains: ["*.example"], routes: routes(answer) },
    {
      name: "block_all",
      domains: ["*"],
      routes: [
        {
          name: "block_all",
          match: { headers: [], queryParams: [] },
          action: { kind: "directResponse", status: 502, body: "" },
        },
      ],
    },
  ],
});

function cluster(name: string, more: Partial<Cluster> = {}): Cluster {
  return {
    name,
    discovery: { kind: "eds", endpoints: [] },
    protocol: "http1",
    connectTimeoutMs: 10_000,
    loadBalancer: { kind: "leastRequest" },
    limits: {},
    ...more,
  };
}

function clusters(endpoints: readonly Endpoint[]): Cluster[] {
  return [
    cluster(reviews("v1"), {
      discovery: { kind: "eds", endpoints },
      limits: {
        maxConnections: 1,
        maxPendingRequests: 2,
        maxRequests: 3,
        maxRetries: 4,
        retryBudget: { percent: 20, minimum: 3 },
      },
      loadBalancer: {
        kind: "leastRequest",
        slowStart: { windowMs: 1500, aggression: 1.5, minimumPercent: 10 },
      },
      byLocalityWeight: true,
      tcpKeepalive: { probes: 3, timeMs: 7_200_000, intervalMs: 500 },
      maxRequestsPerConnection: 10,
      idleTimeoutMs: 0,
      maxConnectionDurationMs: 60_000,
      outlierDetection: {
        consecutive5xx: 7,
        consecutiveGatewayFailure: 0,
        splitExternalLocalOriginErrors: true,
        consecutiveLocalOriginFailure: 3,
        intervalMs: 1000,
        baseEjectionTimeMs: 30_000,
        maxEjectionPercent: 100,
        errorStatuses: [404, 500],
        minHealthPercent: 40,
      },
    }),
    cluster(reviews("v2"), {
      discovery: { kind: "eds", endpoints },
      protocol: "http2",
      http2: { maxConcurrentStreams: 7, keepalive: { intervalMs: 30_000, timeoutMs: 5000 } },
      outlierDetection: { errorStatuses: [429] },
    }),
    cluster("outbound|80||empty.example", {
      protocol: "downstream",
      loadBalancer: { kind: "roundRobin", slowStart: { windowMs: 1000, aggression: 1, minimumPercent: 0 } },
    }),
    cluster("outbound|443||strict.example", {
      discovery: {
        kind: "strictDns",
        endpoints: [{ address: "localhost", port: 9, weight: 1 }],
      },
      protocol: "tcp",
      loadBalancer: { kind: "random" },
      outlierDetection: {},
    }),
    cluster("outbound|80||by-authority.example", { discovery: { kind: "byAuthority", endpoints: [] } }),
    cluster("outbound|80||ring.example", {
      loadBalancer: { kind: "ringHash", minimumRingSize: 2048 },
      proxyProtocol: "v1",
    }),
    cluster("outbound|80||maglev.example", {
      loadBalancer: { kind: "maglev", tableSize: 1021 },
      proxyProtocol: "v2",
    }),
    cluster("outbound|443||logical.example", {
      discovery: {
        kind: "logicalDns",
        endpoints: [{ address: "localhost", port: 9, weight: 1 }],
      },
    }),
  ];
}

export interface Variation {
  /** Status with which `/answer` is answered. */
  readonly answer?: number;
  readonly connectTimeoutMs?: number;
}

/**
 * A gateway and a mesh listener with the same rules, on ports that the system picks. `endpoints` are those of
 * both versions of `reviews`.
 */
export function richConfig(endpoints: readonly Endpoint[], variation: Variation = {}): Config {
  const routes = table(variation.answer ?? 418);
  return {
    listeners: [
      { name: "gateway_80", role: "gateway", address: "127.0.0.1", port: 0, routes },
      { name: "mesh", role: "mesh", address: "127.0.0.1", port: 0, routes },
    ],
    clusters: clusters(endpoints).map((cluster) => ({
      ...cluster,
      connectTimeoutMs: variation.connectTimeoutMs ?? cluster.connectTimeoutMs,
    })),
  };
}

/** Endpoints in two localities and in none. */
export const ENDPOINTS: readonly Endpoint[] = [
  { address: "127.0.0.2", port: 9, weight: 1, locality: { region: "r", zone: "z", subZone: "" } },
  { address: "127.0.0.1", port: 9, weight: 5, locality: { region: "r", zone: "z", subZone: "" } },
  {
    address: "127.0.0.1",
    port: 10,
    weight: 1,
    locality: { region: "r", zone: "y", subZone: "s" },
    localityWeight: 70,
  },
  { address: "::1", port: 9, weight: 1, priority: 1 },
];
