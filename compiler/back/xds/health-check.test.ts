import { expect, test } from "vitest";
import type { HealthCheck } from "../../ir/health-check.ts";
import type { ClientTls, Cluster } from "../../ir/ir.ts";
import { emitCluster } from "./cluster.ts";
import { emitLoadAssignment } from "./endpoints.ts";
import { testCluster, testOptions } from "./testing.ts";

const HTTP = { protocol: "http1", path: "/healthz", host: "a.example:8080", statuses: [[200, 299]] } as const;
const checked = (more: Partial<HealthCheck> = {}, ofCluster: Partial<Cluster> = {}) => {
  const { health_checks: [check] = [], ...cluster } = emitCluster(
    testCluster({
      healthCheck: {
        asks: HTTP,
        intervalMs: 5000,
        timeoutMs: 1000,
        unhealthyThreshold: 3,
        healthyThreshold: 2,
        ...more,
      },
      ...ofCluster,
    }),
    testOptions(),
  );
  return { check, ...cluster };
};

test("a status ends an endpoint by the threshold, and an idle cluster is asked as often as one in use", () => {
  const { check, ignore_health_on_host_removal, common_lb_config } = checked();
  expect(check).toEqual({
    interval: "5s",
    no_traffic_interval: "5s",
    interval_jitter_percent: 10,
    timeout: "1s",
    unhealthy_threshold: 3,
    healthy_threshold: 2,
    http_health_check: {
      host: "a.example:8080",
      path: "/healthz",
      codec_client_type: "HTTP1",
      expected_statuses: [{ start: 200, end: 300 }],
      retriable_statuses: [{ start: 100, end: 600 }],
    },
  });
  expect(ignore_health_on_host_removal).toBe(true);
  expect(common_lb_config).toEqual({
    healthy_panic_threshold: { value: 0 },
    ignore_new_hosts_until_first_hc: true,
  });
});

test("who checks more than once a second is told more often, too", () => {
  const window = (intervalMs: number) => checked({ intervalMs }).common_lb_config.update_merge_window;
  expect([100, 999, 1000].map(window)).toEqual(["0.1s", "0.999s", undefined]);
});

test("a cluster without a check has nothing of it", () => {
  const cluster = emitCluster(testCluster(), testOptions());
  expect(cluster).not.toHaveProperty("health_checks");
  expect(cluster).not.toHaveProperty("ignore_health_on_host_removal");
  expect(cluster.common_lb_config).toEqual({ healthy_panic_threshold: { value: 0 } });
});

test.each([
  [{ protocol: "tcp" }, { tcp_health_check: {} }],
  [{ protocol: "grpc", host: "a.example" }, { grpc_health_check: { authority: "a.example" } }],
  [
    { protocol: "grpc", host: "a.example", service: "shop.A" },
    { grpc_health_check: { authority: "a.example", service_name: "shop.A" } },
  ],
  [
    { ...HTTP, protocol: "http2" },
    { http_health_check: expect.objectContaining({ codec_client_type: "HTTP2" }) },
  ],
] as const)("%j", (asks, expected) => {
  expect(checked({ asks }).check).toMatchObject(expected);
});

test("of two panic thresholds, that of the check counts", () => {
  const outlierDetection = { minHealthPercent: 20 };
  const of = (panic: Partial<HealthCheck>) =>
    checked(panic, { outlierDetection }).common_lb_config.healthy_panic_threshold.value;
  expect(of({})).toBe(20);
  expect(of({ panicPercent: 50 })).toBe(50);
  expect(of({ panicPercent: 0 })).toBe(0);
});

test("TLS: what pools do for requests is said for the check", () => {
  const tls: ClientTls = { subjectAltNames: [], verifiesHost: true };
  const { check, transport_socket_matches } = checked({}, { tls });
  expect(check?.tls_options).toEqual({ alpn_protocols: ["http/1.1"] });
  expect(check?.transport_socket_match_criteria).toEqual(transport_socket_matches?.[0]?.match);
  expect(transport_socket_matches?.[0]?.transport_socket.typed_config).toMatchObject({ sni: "a.example" });
});

test("TLS: a name and protocols of the cluster's own hold for both", () => {
  const tls: ClientTls = { subjectAltNames: [], sni: "b.example", applicationProtocols: ["istio"] };
  const cluster = checked({}, { tls });
  expect(cluster).not.toHaveProperty("transport_socket_matches");
  expect(cluster.check).not.toHaveProperty("transport_socket_match_criteria");
  expect(cluster.check).not.toHaveProperty("tls_options");
});

test("a port of the check's own is the endpoint's", () => {
  const { endpoints } = emitLoadAssignment("a", [
    { address: "192.0.2.1", port: 80, weight: 1, healthPort: 9000 },
    { address: "192.0.2.2", port: 80, weight: 1 },
  ]);
  expect(endpoints[0]?.lb_endpoints.map(({ endpoint }) => endpoint.health_check_config)).toEqual([
    { port_value: 9000 },
    undefined,
  ]);
});
