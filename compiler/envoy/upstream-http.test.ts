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
