import { describe, expect, test } from "vitest";
import type { Cluster } from "../../ir/ir.ts";
import { emitCluster } from "./cluster.ts";
import { INLINE, testCluster, testOptions, testSource } from "./testing.ts";

const emit = (more: Partial<Cluster> = {}) => emitCluster(testCluster(more), testOptions());

describe("without a rule, istiod's defaults", () => {
  test("limits are practically off", () => {
    expect(emit().circuit_breakers.thresholds).toEqual([
      {
        max_connections: 4_294_967_295,
        max_pending_requests: 4_294_967_295,
        max_requests: 4_294_967_295,
        max_retries: 4_294_967_295,
      },
    ]);
  });

  test("no panic mode, no outlier detection, no protocol options, no keepalive", () => {
    const cluster = emit();
    expect(cluster.common_lb_config.healthy_panic_threshold.value).toBe(0);
    expect(cluster).not.toHaveProperty("outlier_detection");
    expect(cluster).not.toHaveProperty("typed_extension_protocol_options");
    expect(cluster).not.toHaveProperty("upstream_connection_options");
  });
});

describe("discovery", () => {
  test("endpoints in a place of their own", () => {
    const cluster = emit();
    expect(cluster.type).toBe("EDS");
    expect(cluster.eds_cluster_config?.eds_config).toEqual(testSource("endpoints outbound|80||a.example"));
    expect(cluster).not.toHaveProperty("load_assignment");
  });

  test("endpoints in the cluster", () => {
    const cluster = emitCluster(
      testCluster({ discovery: { kind: "eds", endpoints: [{ address: "127.0.0.1", port: 1, weight: 1 }] } }),
      testOptions({ places: INLINE }),
    );
    expect(cluster.type).toBe("STATIC");
    expect(cluster.load_assignment?.endpoints).toHaveLength(1);
  });

  test.each([
    ["strictDns", false],
    ["logicalDns", true],
  ] as const)("%s", (kind, single) => {
    const endpoints = [{ address: "a.example", port: 80, weight: 1 }];
    const cluster = emit({ discovery: { kind, endpoints } });
    expect(cluster.cluster_type?.typed_config).toMatchObject({ all_addresses_in_single_endpoint: single });
    expect(cluster.load_assignment?.endpoints[0]?.lb_endpoints[0]?.endpoint.address).toEqual({
      socket_address: { address: "a.example", port_value: 80 },
    });
  });
});

test.each([
  ["leastRequest", "LEAST_REQUEST"],
  ["roundRobin", "ROUND_ROBIN"],
  ["random", "RANDOM"],
] as const)("load balancer %s", (kind, policy) => {
  expect(emit({ loadBalancer: { kind } }).lb_policy).toBe(policy);
});

test("limits of a rule, 0 among them", () => {
  expect(emit({ limits: { maxConnections: 1, maxRetries: 0 } }).circuit_breakers.thresholds[0]).toEqual({
    max_connections: 1,
    max_pending_requests: 4_294_967_295,
    max_requests: 4_294_967_295,
    max_retries: 0,
  });
});

test("keepalive is in whole seconds, never 0", () => {
  const cluster = emit({ tcpKeepalive: { probes: 9, timeMs: 1, intervalMs: 75_000 } });
  expect(cluster.upstream_connection_options?.tcp_keepalive).toEqual({
    keepalive_probes: 9,
    keepalive_time: 1,
    keepalive_interval: 75,
  });
});

test("the share of healthy endpoints below which all are used", () => {
  const cluster = emit({ outlierDetection: { minHealthPercent: 40 } });
  expect(cluster.common_lb_config.healthy_panic_threshold.value).toBe(40);
  expect(cluster.outlier_detection).toEqual({ enforcing_success_rate: 0 });
});
