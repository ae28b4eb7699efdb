import { expect, test } from "vitest";
import { testCluster } from "./testing.ts";
import { emitHttpProtocolOptions } from "./upstream-http.ts";

test("HTTP/1 needs no options", () => {
  expect(emitHttpProtocolOptions(testCluster())).toBeUndefined();
  expect(emitHttpProtocolOptions(testCluster({ protocol: "tcp" }))).toBeUndefined();
  expect(emitHttpProtocolOptions(testCluster({ maxRequestsPerConnection: 0 }))).toBeUndefined();
});

test("HTTP/2", () => {
  expect(emitHttpProtocolOptions(testCluster({ protocol: "http2" }))).toMatchObject({
    explicit_http_config: { http2_protocol_options: {} },
  });
});

test("the client's protocol", () => {
  expect(emitHttpProtocolOptions(testCluster({ protocol: "downstream" }))).toMatchObject({
    use_downstream_protocol_config: { http_protocol_options: {}, http2_protocol_options: {} },
  });
});

test("the life of a connection; a protocol must then be named", () => {
  const options = emitHttpProtocolOptions(
    testCluster({ idleTimeoutMs: 0, maxConnectionDurationMs: 1500, maxRequestsPerConnection: 1 }),
  );
  expect(options?.common_http_protocol_options).toEqual({
    idle_timeout: "0s",
    max_connection_duration: "1.5s",
    max_requests_per_connection: 1,
  });
  expect(options?.explicit_http_config).toEqual({ http_protocol_options: {} });
});

test("limits of HTTP/2 are for HTTP/2 alone", () => {
  const http2 = { maxConcurrentStreams: 3, keepalive: { intervalMs: 1000, timeoutMs: 250 } };
  expect(emitHttpProtocolOptions(testCluster({ protocol: "http2", http2 }))).toMatchObject({
    explicit_http_config: {
      http2_protocol_options: {
        max_concurrent_streams: 3,
        connection_keepalive: { interval: "1s", timeout: "0.25s" },
      },
    },
  });
  expect(emitHttpProtocolOptions(testCluster({ http2 }))).toBeUndefined();
});

test("statuses that count as errors", () => {
  const status = (exact: string) => ({
    http_response_headers_match: { headers: [{ name: ":status", string_match: { exact } }] },
  });
  const matcher = (...errorStatuses: number[]) =>
    emitHttpProtocolOptions(testCluster({ outlierDetection: { errorStatuses } }))?.outlier_detection
      ?.error_matcher;
  expect(matcher(404)).toEqual(status("404"));
  expect(matcher(404, 500)).toEqual({ or_match: { rules: [status("404"), status("500")] } });
});
