import { expect, test } from "vitest";
import { lower, serviceYaml, virtualServiceYaml } from "../testing.ts";

const rule = (spec: string) => `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a, namespace: default }
spec:
  host: a
${spec}
`;

function clusters(yaml: string) {
  return new Map(lower(yaml).config.clusters.map((cluster) => [cluster.name, cluster]));
}

const A = "outbound|80||a.default.svc.cluster.local";
const V1 = "outbound|80|v1|a.default.svc.cluster.local";
const V9 = "outbound|80|v9|a.default.svc.cluster.local";

test("istiod's defaults", () => {
  expect(clusters(serviceYaml("a")).get(A)).toEqual({
    name: A,
    discovery: { kind: "eds", endpoints: [{ address: "10.0.0.1", port: 8080, weight: 1 }] },
    protocol: "http1",
    connectTimeoutMs: 10_000,
    loadBalancer: { kind: "leastRequest" },
    limits: {},
  });
});

test("a cluster for each subset in use, with the endpoints that have its labels", () => {
  const subsets = rule(`
  subsets:
    - { name: v1, labels: { version: v1 } }
    - { name: v2, labels: { version: v2 } }
    - { name: v9, labels: { version: v9 } }
`);
  const yaml =
    serviceYaml("a", 80, ["v1", "v2"]) +
    subsets +
    virtualServiceYaml(
      "vs",
      "a",
      `  - route: [{ destination: { host: a, subset: v1 }, weight: 1 }, { destination: { host: a, subset: v9 }, weight: 1 }]`,
    );
  const found = clusters(yaml);
  expect([...found.keys()]).toEqual([V1, V9, A]);
  expect(found.get(V1)?.discovery.endpoints).toEqual([{ address: "10.0.0.1", port: 8080, weight: 1 }]);
  expect(found.get(A)?.discovery.endpoints).toHaveLength(2);
  expect(found.get(V9)?.discovery.endpoints).toEqual([]);
  expect(lower(yaml).diagnostics).toMatchObject([{ code: "SL0409", level: "warning" }]);
});

test("connection pools and outlier detection", () => {
  const found = clusters(
    serviceYaml("a") +
      rule(`
  trafficPolicy:
    loadBalancer: { simple: ROUND_ROBIN }
    connectionPool:
      tcp:
        maxConnections: 3
        connectTimeout: 30ms
        tcpKeepalive: { probes: 2, time: 7200s }
        idleTimeout: 5s
        maxConnectionDuration: 1m
      http: { http1MaxPendingRequests: 1, http2MaxRequests: 4, maxRetries: 5, maxRequestsPerConnection: 6 }
    outlierDetection:
      consecutive5xxErrors: 0
      consecutiveGatewayErrors: 7
      interval: 1s
      baseEjectionTime: 3m
      maxEjectionPercent: 100
      consecutiveLocalOriginFailures: 5
`),
  );
  expect(found.get(A)).toMatchObject({
    connectTimeoutMs: 30,
    loadBalancer: { kind: "roundRobin" },
    limits: { maxConnections: 3, maxPendingRequests: 1, maxRequests: 4, maxRetries: 5 },
    maxRequestsPerConnection: 6,
    idleTimeoutMs: 5000,
    maxConnectionDurationMs: 60_000,
    tcpKeepalive: { probes: 2, timeMs: 7_200_000 },
  });
  expect(found.get(A)?.outlierDetection).toEqual({
    consecutive5xx: 0,
    consecutiveGatewayFailure: 7,
    intervalMs: 1000,
    baseEjectionTimeMs: 180_000,
    maxEjectionPercent: 100,
    minHealthPercent: 0,
  });
});

test.each([
  ["name: http", "", "http1"],
  ["name: grpc", "", "http2"],
  ["name: web", "", "downstream"],
  ["name: http", "h2UpgradePolicy: UPGRADE", "http2"],
  ["name: grpc", "useClientProtocol: true", "downstream"],
])("a port with %s and %j speaks %s", (port, http, expected) => {
  const policy = http === "" ? "" : rule(`  trafficPolicy: { connectionPool: { http: { ${http} } } }`);
  expect(clusters(serviceYaml("a").replace("name: http", port) + policy).get(A)?.protocol).toBe(expected);
});

test("a rule for a host that no service has", () => {
  const { diagnostics } = lower(serviceYaml("reviews") + rule("").replace("host: a", "host: review"));
  expect(diagnostics).toMatchObject([{ code: "SL0406", level: "warning" }]);
  expect(diagnostics[0]?.help).toContain("reviews.default.svc.cluster.local");
  expect(lower(serviceYaml("a") + rule("").replace("host: a", 'host: "*.local"')).findings).toEqual([]);
});

test.each([
  ["loadBalancer: { consistentHash: { useSourceIp: true } }", { kind: "ringHash", minimumRingSize: 1024 }],
  [
    "loadBalancer: { consistentHash: { useSourceIp: true, minimumRingSize: 7 } }",
    { kind: "ringHash", minimumRingSize: 7 },
  ],
  ["loadBalancer: { consistentHash: { useSourceIp: true, ringHash: {} } }", { kind: "ringHash" }],
  [
    "loadBalancer: { consistentHash: { useSourceIp: true, maglev: { tableSize: 7 } } }",
    { kind: "maglev", tableSize: 7 },
  ],
  [
    "loadBalancer: { warmup: { duration: 3s } }",
    { kind: "leastRequest", slowStart: { windowMs: 3000, aggression: 1, minimumPercent: 10 } },
  ],
  [
    "loadBalancer: { simple: ROUND_ROBIN, warmup: { duration: 3s, aggression: 2, minimumPercent: 0 } }",
    { kind: "roundRobin", slowStart: { windowMs: 3000, aggression: 2, minimumPercent: 0 } },
  ],
  [
    "loadBalancer: { simple: ROUND_ROBIN, warmupDurationSecs: 4s }",
    { kind: "roundRobin", slowStart: { windowMs: 4000, aggression: 1, minimumPercent: 10 } },
  ],
  ["loadBalancer: { simple: RANDOM, warmup: { duration: 3s } }", { kind: "random" }],
])("%s", (policy, loadBalancer) => {
  expect(clusters(serviceYaml("a") + rule(`  trafficPolicy: { ${policy} }`)).get(A)?.loadBalancer).toEqual(
    loadBalancer,
  );
});

test.each([
  ["retryBudget: { percent: 5 }", { limits: { retryBudget: { percent: 5, minimum: 3 } } }],
  ["retryBudget: { minRetryConcurrency: 1 }", { limits: { retryBudget: { percent: 20, minimum: 1 } } }],
  ["proxyProtocol: {}", { proxyProtocol: "v1" }],
  ["proxyProtocol: { version: V2 }", { proxyProtocol: "v2" }],
  [
    "connectionPool: { http: { maxConcurrentStreams: 2, http2KeepAlive: { interval: 1s, timeout: 2s } } }",
    { http2: { maxConcurrentStreams: 2, keepalive: { intervalMs: 1000, timeoutMs: 2000 } } },
  ],
  [
    "outlierDetection: { outlierDetectionHttpErrorCodes: [404, 500] }",
    { outlierDetection: { errorStatuses: [404, 500], minHealthPercent: 0 } },
  ],
])("%s", (policy, expected) => {
  expect(clusters(serviceYaml("a") + rule(`  trafficPolicy: { ${policy} }`)).get(A)).toMatchObject(expected);
});
