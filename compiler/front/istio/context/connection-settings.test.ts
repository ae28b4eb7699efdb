/** What `connectionSettings` make of a gateway and of a sidecar, and what holds at a gateway about which nobody says anything. */

import { describe, expect, test } from "vitest";
import { understand } from "../../../compile.ts";
import type { Diagnostic } from "../../../diagnostics/diagnostic.ts";
import { DEFAULT_PROXY_OPTIONS } from "../../../options.ts";

const RULES = `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec:
  selector: { istio: ingressgateway }
  servers:
  - { port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }
  - { port: { number: 90, name: tcp, protocol: TCP }, hosts: ["*"] }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web, namespace: default }
spec:
  hosts: ["*"]
  gateways: [edge]
  http: [{ route: [{ destination: { host: web } }] }]
  tcp: [{ match: [{ port: 90 }], route: [{ destination: { host: web, port: { number: 80 } } }] }]
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { ports: [{ name: http, port: 80 }] }
`;

function read(settings: Readonly<Record<string, unknown>> | undefined) {
  const mesh = {
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    metadata: { name: "mesh" },
    spec: { meshConfig: { defaultConfig: { connectionSettings: settings } } },
  };
  const findings: Diagnostic[] = [];
  const text = settings === undefined ? RULES : `${RULES}\n---\n${JSON.stringify(mesh)}`;
  const { config } = understand([{ path: "rules.yaml", text }], DEFAULT_PROXY_OPTIONS, "check", {
    report: (finding) => void findings.push(finding),
  });
  const listener = (name: string) => config.listeners.find((one) => one.name === name)!;
  const { limits, paths, underscores } = listener("gateway_80");
  return {
    config,
    limits,
    arrival: { paths, underscores },
    sidecar: listener("mesh"),
    chain: config.tcpChains?.find(({ role }) => role === "gateway"),
    cluster: config.clusters.find(({ name }) => name.startsWith("outbound|80||web"))!,
    said: findings
      .filter(({ level }) => level !== "info")
      .map(({ code, span }) => `${code} ${span?.file.text.slice(span.start, span.end)}`),
  };
}

describe("what holds at a gateway unless somebody says otherwise", () => {
  const { limits, arrival, sidecar, chain, cluster, said } = read(undefined);

  test("clients that are slow with headers and handshakes are cut, and hold little in memory", () => {
    expect(limits).toEqual({
      bufferBytes: 32_768,
      handshakeTimeoutMs: 15_000,
      requestHeadersTimeoutMs: 60_000,
      flushTimeoutMs: 300_000,
      http2: { maxConcurrentStreams: 100, streamWindowBytes: 65_536, connectionWindowBytes: 1_048_576 },
      retriedBodyBytes: 1_048_576,
    });
    expect(chain?.limits).toEqual({ bufferBytes: 32_768, handshakeTimeoutMs: 15_000 });
    expect(said).toEqual([]);
  });

  test("slow answers, silent streams, paths and names of headers are left alone", () => {
    expect(limits).not.toHaveProperty("streamIdleTimeoutMs");
    expect(limits).not.toHaveProperty("requestTimeoutMs");
    expect(arrival).toEqual({ paths: undefined, underscores: undefined });
  });

  test("a sidecar and clusters have none", () => {
    expect(sidecar).not.toHaveProperty("limits");
    expect(cluster).not.toHaveProperty("bufferBytes");
  });
});

test("a profile that is written holds as it does for istiod", () => {
  expect(read({ profile: "SIDECAR" }).limits).toBeUndefined();
  const { limits, arrival, sidecar } = read({ profile: "EDGE" });
  expect(limits).toMatchObject({
    bufferBytes: 32_768,
    idleTimeoutMs: 3_600_000,
    streamIdleTimeoutMs: 300_000,
    requestTimeoutMs: 300_000,
    requestHeadersTimeoutMs: 60_000,
    http2: { maxConcurrentStreams: 100, streamWindowBytes: 65_536, connectionWindowBytes: 1_048_576 },
  });
  expect(arrival).toEqual({
    paths: { mergesSlashes: true, escapedSlashes: "redirect" },
    underscores: "reject",
  });
  // It is for gateways alone.
  expect(sidecar.limits).toBeUndefined();
  expect(sidecar.underscores).toBeUndefined();
  expect(sidecar.paths).toBeUndefined();
});

test("what is written goes before any profile, and for sidecars as well, but for the buffers of listeners", () => {
  const { limits, arrival, sidecar, config, cluster } = read({
    profile: "EDGE",
    listenerPerConnectionBufferLimitBytes: 65_536,
    clusterPerConnectionBufferLimitBytes: 4096,
    httpIdleTimeout: "10s",
    httpRequestTimeout: "0s",
    httpMaxConnectionDuration: "1m",
    httpMaxStreamDuration: "0s",
    httpDrainTimeout: "0s",
    httpStreamIdleTimeout: "1.5s",
    httpMaxConcurrentStreams: 7,
    httpHeadersWithUnderscoresAction: "HEADERS_WITH_UNDERSCORES_ALLOW",
    httpMergeSlashes: false,
    httpPathWithEscapedSlashesAction: "KEEP_UNCHANGED",
    listenerConnectionLimit: 3,
    globalDownstreamConnectionLimit: 9,
  });
  const written = {
    maxConnections: 3,
    idleTimeoutMs: 10_000,
    requestTimeoutMs: 0,
    maxConnectionDurationMs: 60_000,
    drainTimeoutMs: 0,
    streamIdleTimeoutMs: 1500,
  };
  expect(limits).toEqual({
    ...written,
    bufferBytes: 65_536,
    handshakeTimeoutMs: 15_000,
    requestHeadersTimeoutMs: 60_000,
    http2: { maxConcurrentStreams: 7, streamWindowBytes: 65_536, connectionWindowBytes: 1_048_576 },
    retriedBodyBytes: 1_048_576,
  });
  const paths = { mergesSlashes: false, escapedSlashes: "keep" };
  expect(arrival).toEqual({ paths, underscores: undefined });
  expect(sidecar.limits).toEqual({ ...written, http2: { maxConcurrentStreams: 7 } });
  expect(sidecar.paths).toEqual(paths);
  expect(config.maxConnections).toBe(9);
  expect(cluster.bufferBytes).toBe(4096);
});

test("an action that is not specified is none", () => {
  const unspecified = {
    httpHeadersWithUnderscoresAction: "HEADERS_WITH_UNDERSCORES_UNSPECIFIED",
    httpPathWithEscapedSlashesAction: "PATH_WITH_ESCAPED_SLASHES_UNSPECIFIED",
  };
  expect(read(unspecified).arrival).toEqual({ paths: undefined, underscores: undefined });
  expect(read({ ...unspecified, profile: "EDGE" }).arrival.underscores).toBe("reject");
});

test.each<[string, unknown]>([
  ["listenerPerConnectionBufferLimitBytes", -1],
  ["clusterPerConnectionBufferLimitBytes", -1],
  ["httpMaxConcurrentStreams", 0],
  ["http2InitialStreamWindowSize", 65_534],
  ["http2InitialConnectionWindowSize", 0],
  ["listenerConnectionLimit", 0],
  ["globalDownstreamConnectionLimit", -5],
  ["listenerConnectionLimit", 2 ** 31],
  ["httpIdleTimeout", "-1s"],
  ["httpMaxConnectionDuration", "-1ms"],
  ["httpDrainTimeout", "-1h"],
  ["httpRequestTimeout", "10us"],
  ["httpRequestHeadersTimeout", "10"],
  ["httpStreamIdleTimeout", 5],
  ["httpMaxStreamDuration", "soon"],
])("%s: %j is refused at its line", (field, value) => {
  expect(read({ [field]: value }).said).toEqual([`SL0105 ${JSON.stringify(value)}`]);
});

test.each<[Record<string, unknown>, string]>([
  [{ httpRequestHeadersTimeout: "10s", httpRequestTimeout: "5s" }, '"10s"'],
  [{ httpStreamIdleTimeout: "1h", httpMaxStreamDuration: "1m" }, '"1h"'],
  [{ listenerConnectionLimit: 10, globalDownstreamConnectionLimit: 5 }, "10"],
])("%j: one of them is never reached", (settings, place) => {
  expect(read(settings).said).toEqual([`SL0948 ${place}`]);
});

test("what is switched off contradicts nothing", () => {
  expect(read({ httpRequestHeadersTimeout: "10s", httpRequestTimeout: "0s" }).said).toEqual([]);
});
