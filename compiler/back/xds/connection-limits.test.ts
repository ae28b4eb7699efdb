import { expect, test } from "vitest";
import type { TcpChain } from "../../ir/ir.ts";
import { connectionLimitFilters, emitBodyLimit, emitManagerLimits } from "./connection-limits.ts";
import { emitListener } from "./listener.ts";
import { testListener, testOptions } from "./testing.ts";

test("without limits, nothing is said but that silence is fine", () => {
  expect(emitManagerLimits(testListener())).toEqual({ stream_idle_timeout: "0s" });
  expect(connectionLimitFilters("mesh", {})).toEqual([]);
  expect(emitBodyLimit(testListener())).toEqual({});
});

test("every limit of a connection manager", () => {
  const limits = {
    idleTimeoutMs: 1000,
    maxConnectionDurationMs: 2000,
    drainTimeoutMs: 0,
    requestHeadersTimeoutMs: 1500,
    requestTimeoutMs: 0,
    streamIdleTimeoutMs: 4000,
    flushTimeoutMs: 5000,
    maxStreamDurationMs: 6000,
    http2: { maxConcurrentStreams: 1, streamWindowBytes: 65_535, connectionWindowBytes: 65_536 },
  };
  expect(emitManagerLimits(testListener([], { limits, underscores: "drop" }))).toEqual({
    common_http_protocol_options: {
      idle_timeout: "1s",
      max_connection_duration: "2s",
      max_stream_duration: "6s",
      headers_with_underscores_action: "DROP_HEADER",
    },
    http2_protocol_options: {
      max_concurrent_streams: 1,
      initial_stream_window_size: 65_535,
      initial_connection_window_size: 65_536,
    },
    stream_idle_timeout: "4s",
    stream_flush_timeout: "5s",
    request_timeout: "0s",
    request_headers_timeout: "1.5s",
    drain_timeout: "0s",
  });
});

test("a socket's limits are those of all that share it, and a handshake's those of TLS", () => {
  const tls = {
    serverNames: ["a.example"],
    certificates: [],
    clientCertificate: "none",
    subjectAltNames: [],
    spkiHashes: [],
    certificateHashes: [],
    cipherSuites: [],
    curves: [],
  } as const;
  const limits = { bufferBytes: 32_768, maxConnections: 5, handshakeTimeoutMs: 15_000 };
  const chain: TcpChain = {
    name: "tcp",
    role: "gateway",
    address: "127.0.0.1",
    port: 443,
    serverNames: ["b.example"],
    readsServerName: true,
    destinations: [{ cluster: "c", weight: 1 }],
    limits,
  };
  const listener = testListener([], { name: "gateway_443", role: "gateway", tls, limits });
  const { per_connection_buffer_limit_bytes, filter_chains } = emitListener(
    [listener, chain],
    () => false,
    testOptions(),
  );
  expect(per_connection_buffer_limit_bytes).toBe(32_768);
  expect(filter_chains.map((one) => one.transport_socket_connect_timeout)).toEqual(["15s", undefined]);
  expect(filter_chains.map(({ filters }) => filters.map(({ name }) => name))).toEqual([
    ["envoy.filters.network.connection_limit", "envoy.filters.network.http_connection_manager"],
    ["envoy.filters.network.connection_limit", "envoy.filters.network.tcp_proxy"],
  ]);
});
