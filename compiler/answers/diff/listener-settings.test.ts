import picocolors from "picocolors";
import { expect, test } from "vitest";
import type { Config, Listener } from "../../ir/ir.ts";
import { diffConfigs } from "./diff.ts";
import { renderMarkdown } from "./render-markdown.ts";
import { renderText } from "./render-text.ts";
import { isDifferent, reportOf, summaryOf } from "./report.ts";

const with_ = (more: Partial<Listener>): Config => ({
  listeners: [
    {
      name: "gateway_80",
      role: "gateway",
      address: "0.0.0.0",
      port: 80,
      routes: { ignorePortInHost: true, virtualHosts: [] },
      ...more,
    },
  ],
  clusters: [],
});
const PLAIN = { colors: picocolors.createColors(false), columns: 200, verbose: false };
const PAGES = [
  {
    statuses: [{ least: 500, most: 599 }],
    contentType: "text/html; charset=utf-8",
    body: ["<h1>", { variable: "status" } as const, "</h1>"],
  },
];

test("what a listener does to all requests is compared, and shown", () => {
  const gzip = { algorithms: ["gzip"] as const, minimumBytes: 1400, contentTypes: ["text/html"] };
  const report = reportOf(diffConfigs(with_({ compression: gzip }), with_({ errorPages: PAGES })));
  expect(report.listenerSettings).toEqual([
    {
      listener: "gateway_80",
      setting: "error pages",
      after: "500-599 text/html; charset=utf-8: <h1>%status%</h1>",
    },
    { listener: "gateway_80", setting: "compression", before: "gzip from 1400 bytes of text/html" },
  ]);
  expect(isDifferent(report)).toBe(true);
  expect(summaryOf(report)).toMatch(/; listener gateway_80 has other error pages; .*other compression$/);
  expect(renderText(report, PLAIN)).toContain("- gzip from 1400 bytes of text/html");
  // A comment is rendered: the page in it is not.
  expect(renderMarkdown(report)).not.toContain("<h1>");
  expect(renderMarkdown(report)).toContain("| compression of gateway\\_80 |");
});

test("what clients may cost is compared, limit by limit", () => {
  const before = with_({ limits: { requestHeadersTimeoutMs: 60_000, http2: { maxConcurrentStreams: 100 } } });
  const after = with_({
    limits: { requestHeadersTimeoutMs: 1500, streamIdleTimeoutMs: 0, maxConnections: 9 },
    underscores: "reject",
    paths: { escapedSlashes: "redirect", mergesSlashes: true },
  });
  expect(reportOf(diffConfigs(before, after)).listenerSettings).toEqual([
    {
      listener: "gateway_80",
      setting: "limits",
      before: "request headers: 60 s, HTTP/2 streams: 100",
      after: "request headers: 1.5 s, silent stream: any time, connections: 9",
    },
    { listener: "gateway_80", setting: "headers with underscores", after: "reject" },
    { listener: "gateway_80", setting: "path steps", after: "redirect escaped slashes, merge slashes" },
  ]);
});

test("equal settings are no difference", () => {
  const report = reportOf(diffConfigs(with_({ errorPages: PAGES }), with_({ errorPages: [...PAGES] })));
  expect(report.listenerSettings).toEqual([]);
  expect(isDifferent(report)).toBe(false);
});

test("whom a listener takes for the client, and which headers it writes", () => {
  const edge = with_({
    topology: { trustedProxies: 2, clientCertificateHeader: "SANITIZE_SET" },
    proxyProtocol: true,
    proxyHeaders: { server: { kind: "named", name: "edge" }, withoutAttemptCount: true },
    routes: { ignorePortInHost: true, suppressesEnvoyHeaders: true, virtualHosts: [] },
  });
  const shown = reportOf(diffConfigs(with_({}), edge)).listenerSettings.map(
    ({ setting, after }) => `${setting}: ${after}`,
  );
  expect(shown).toEqual([
    "numTrustedProxies: 2",
    "proxyProtocol: a header is expected",
    "server header: edge",
    "x-envoy-attempt-count: not told",
    "Envoy's debug headers: suppressed",
  ]);
  expect(reportOf(diffConfigs(edge, edge)).listenerSettings).toEqual([]);
});
