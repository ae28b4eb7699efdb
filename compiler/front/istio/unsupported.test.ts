import { expect, test } from "vitest";
import { lower, serviceYaml, virtualServiceYaml } from "./testing.ts";

const A = serviceYaml("a");
const LINES = A.split("\n").length - 1;

/** Code and line, counted from the resource under test. */
function findings(yaml: string, options = {}) {
  return lower(A + yaml, options)
    .diagnostics.filter(({ level }) => level === "error")
    .map(({ code, span }) => [code, span!.file.text.slice(0, span!.start).split("\n").length - LINES]);
}

test.each([
  'match: [{ headers: { "@request.auth.claims.a..b": { exact: x } } }]',
  'match: [{ withoutHeaders: { "@request.auth.claims[a][]": { exact: x } } }]',
])("%s is what an Envoy refuses, at its line", (field) => {
  const http = `  - route: [{ destination: { host: a } }]\n    ${field}`;
  expect(findings(virtualServiceYaml("vs", "a", http))).toEqual([["SL0501", 11]]);
});

test.each(["headers", "withoutHeaders"])(
  "a path in %s that is deeper than any token, at its line",
  (field) => {
    const names = (depth: number) => Array.from({ length: depth }, (_, i) => `a${i}`);
    const http = (name: string) =>
      `  - route: [{ destination: { host: a } }]\n    match: [{ ${field}: { "@request.auth.claims${name}": { exact: x } } }]`;
    const rules = (name: string) => virtualServiceYaml("vs", "a", http(name));
    expect(findings(rules(`.${names(32).join(".")}`))).toEqual(findings(rules(".a")));
    for (const deep of [`.${names(33).join(".")}`, `[${names(20_000).join("][")}]`]) {
      expect(findings(rules(deep))).toEqual([["SL0301", 11], ...findings(rules(".a"))]);
    }
  },
);

test.each([
  ["redirect: { uri: /x, redirectCode: 304 }", "SL0501"],
  ["directResponse: { status: 600 }", "SL0501"],
])("%s instead of a route is refused", (field, code) => {
  expect(findings(virtualServiceYaml("vs", "a", `  - ${field}`)).map(([found]) => found)).toEqual([code]);
});

test.each(['uri: "/x\\r\\ny"', 'authority: "a\\nb"', 'uriRegexRewrite: { match: a, rewrite: "\\0" }'])(
  "a rewrite %s cannot be a header",
  (field) => {
    const http = `  - route: [{ destination: { host: a } }]\n    rewrite: { ${field} }`;
    expect(findings(virtualServiceYaml("vs", "a", http))).toEqual([["SL0501", 11]]);
  },
);

test.each(["uri", "authority", "prefixRewrite"])("a line break in redirect.%s", (field) => {
  const http = `  - redirect: { ${field}: "/x\\ny" }`;
  expect(findings(virtualServiceYaml("vs", "a", http)).map(([code]) => code)).toEqual(["SL0501"]);
});

test("an abort with 600, which Istio lets pass, is one that Envoy refuses", () => {
  const http =
    "  - route: [{ destination: { host: a } }]\n    fault: { abort: { httpStatus: 600, percentage: { value: 1 } } }";
  expect(findings(virtualServiceYaml("vs", "a", http))).toEqual([["SL0501", 11]]);
});

test("empty fields and defaults that are written out are fine", () => {
  const http = `  - route: [{ destination: { host: a }, headers: {} }]
    mirrors: []
    retries: { attempts: 1, retryIgnorePreviousHosts: true, retryRemoteLocalities: false }`;
  expect(findings(virtualServiceYaml("vs", "a", http))).toEqual([]);
});

const destinationRule = (spec: string, exportTo = "") => `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a, namespace: other }
spec: { host: a.default.svc.cluster.local, ${spec}${exportTo} }
`;

test.each([
  "trafficPolicy: { loadBalancer: { zoneAwareLbSetting: { enabled: true } } }",
  "subsets: [{ name: v1, trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, loadBalancer: { zoneAwareLbSetting: { enabled: true } } }] } }]",
])("%s is obeyed in part, which is said unless it is for others", (spec) => {
  const warnings = (yaml: string) =>
    lower(A + yaml)
      .diagnostics.filter(({ code }) => code === "SL0932")
      .map(({ message }) => message.slice(0, 15));
  expect(findings(destinationRule(spec))).toEqual([]);
  expect(warnings(destinationRule(spec))).toEqual(["obeyed in part:"]);
  expect(warnings(destinationRule(spec, ", exportTo: [elsewhere]"))).toEqual([]);
});

test("the mesh's own TLS is refused to a proxy that has no identity, at the clusters that it has", () => {
  const own = (spec: string) => destinationRule(spec).replace("namespace: other", "namespace: default");
  const tls = "tls: { mode: ISTIO_MUTUAL }";
  expect(findings(own(`subsets: [{ name: v1, trafficPolicy: { ${tls} } }]`))).toEqual([]);
  expect(findings(destinationRule(`trafficPolicy: { ${tls} }`))).toEqual([]);
  const ofPort = `trafficPolicy: { portLevelSettings: [{ port: { number: 80 }, ${tls} }] }`;
  expect(findings(own(ofPort))).toEqual([["SL0302", 6]]);
  const { diagnostics } = lower(`${A}${own(`trafficPolicy: { ${tls} }`)}`);
  expect(diagnostics.map(({ code, help }) => `${code} ${help}`)).toEqual([
    expect.stringMatching(/^SL0302 Pass --identity-directory DIR/),
  ]);
});

test("no TLS, and no locality, are what there is", () => {
  expect(findings(destinationRule("trafficPolicy: { tls: { mode: DISABLE } }"))).toEqual([]);
  expect(
    findings(destinationRule("trafficPolicy: { loadBalancer: { localityLbSetting: { enabled: false } } }")),
  ).toEqual([]);
});

test("a request without endpoints goes to the port that it names", () => {
  const entry = (resolution: string, targetPort: number) => `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: x, namespace: default }
spec:
  hosts: ["*.example"]
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: ${targetPort} }]
  resolution: ${resolution}
`;
  for (const resolution of ["NONE", "DYNAMIC_DNS"]) {
    expect(findings(entry(resolution, 8080))).toEqual([["SL0301", 8]]);
    expect(findings(entry(resolution, 80))).toEqual([]);
    const forOthers = entry(resolution, 8080).replace("  hosts:", '  exportTo: ["~"]\n  hosts:');
    expect(findings(forOthers)).toEqual([]);
  }
  // What is no wildcard can be looked up before.
  expect(findings(entry("NONE", 8080).replace("*.example", "a.example"))).toEqual([]);
  expect(findings(entry("STATIC", 8080))).toEqual([]);
});

test("a unix socket's path is no longer than Linux has it", () => {
  const entry = (path: string) => `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: x, namespace: default }
spec:
  hosts: [x.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: "unix://${path}" }]
`;
  expect(findings(entry(`/${"x".repeat(106)}`))).toEqual([]);
  expect(findings(entry(`/${"x".repeat(107)}`))).toEqual([["SL0501", 10]]);
});

test.each([
  ["ecdhCurves: [X25519, P-256, secp384r1, X25519MLKEM768]", false],
  ["ecdhCurves: [P-256, P-224]", true],
  [`verifyCertificateHash: [${"aB".repeat(32)}, "${Array(32).fill("0f").join(":")}"]`, false],
  [`verifyCertificateHash: [${"a".repeat(63)}]`, true],
  [`verifyCertificateSpki: ["${"A".repeat(43)}="]`, false],
  [`verifyCertificateSpki: ["${"A".repeat(44)}"]`, true],
])("of a server's tls, %s", (field, isRefused) => {
  const gateway = `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: gw, namespace: default }
spec:
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: ["*"]
      tls: { mode: PASSTHROUGH, ${field} }
`;
  expect(findings(gateway)).toEqual(isRefused ? [["SL0501", 10]] : []);
});

test("an address of one link is one for Istio, and none for Envoy", () => {
  const entry = (field: string) => `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: x, namespace: default }
spec:
  hosts: [x.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
  ${field}
`;
  expect(findings(entry('endpoints: [{ address: "fe80::1" }]'))).toEqual([]);
  expect(findings(entry('endpoints: [{ address: "fe80::1%eth0" }]'))).toEqual([["SL0501", 10]]);
  expect(findings(entry('addresses: ["fe80::1%eth0"]'))).toEqual([["SL0501", 10]]);
});

test("a server's name is no longer than Envoy takes it", () => {
  const named = (length: number) =>
    findings(destinationRule(`trafficPolicy: { tls: { mode: SIMPLE, sni: ${"x".repeat(length)} } }`));
  expect(named(255)).toEqual([]);
  expect(named(256).map(([code]) => code)).toEqual(["SL0501"]);
});

test("what another proxy would obey is not refused", () => {
  const gateway = (selector: string) => `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: gw, namespace: default }
spec:
  selector: { istio: ${selector} }
  servers:
    - { port: { number: 443, name: https, protocol: HTTPS }, hosts: ["*"], tls: { mode: ISTIO_MUTUAL } }
    - { port: { number: 0, name: http, protocol: HTTP }, hosts: ["*"], bind: "unix:///${"x".repeat(107)}" }
`;
  const rules = virtualServiceYaml(
    "vs",
    "x.example",
    "  - redirect: { uri: /x, redirectCode: 304 }",
    "gateways: [gw]",
  );
  expect(findings(gateway("ingressgateway") + rules).map(([code]) => code)).toEqual([
    "SL0501",
    "SL0501",
    "SL0302",
  ]);
  expect(findings(gateway("other") + rules)).toEqual([]);
  const mesh = virtualServiceYaml("vs", "a", "  - redirect: { uri: /x, redirectCode: 304 }");
  expect(findings(mesh)).toHaveLength(1);
  expect(findings(mesh, { meshPort: 0 })).toEqual([]);
});

test("tcp and tls rules are refused", () => {
  const rules = (kind: string, match: string) => `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: vs, namespace: default }
spec: { hosts: [a], ${kind}: [{ ${match} route: [{ destination: { host: a } }] }] }
`;
  expect(findings(rules("tcp", ""))).toEqual([["SL0303", 6]]);
  expect(findings(rules("tls", "match: [{ sniHosts: [a] }],"))).toEqual([["SL0303", 6]]);
});

test.each([
  'headers: { response: { set: { x-a: "%PROTOCOL%", x-b: "%UNKNOWN_VAR(1)%" } } }',
  'headers: { request: { set: { x-a: "%PROTOCOL%" }, add: { x-b: "%REQ%" } } }',
])("%s is refused, as Envoy would refuse all of it", (field) => {
  const http = `  - route: [{ destination: { host: a } }]\n    ${field}`;
  expect(findings(virtualServiceYaml("vs", "a", http))).toEqual([["SL0501", 11]]);
});

test.each([
  'loadBalancer: { consistentHash: { httpHeaderName: "" } }',
  'loadBalancer: { consistentHash: { httpHeaderName: "a\\nb" } }',
  'loadBalancer: { consistentHash: { httpQueryParameterName: "" } }',
  "loadBalancer: { consistentHash: { httpCookie: { name: a, ttl: -1s } } }",
  'loadBalancer: { consistentHash: { httpCookie: { name: a, attributes: [{ name: "a\\0" }] } } }',
  "loadBalancer: { consistentHash: { httpHeaderName: a, ringHash: { minimumRingSize: 8388609 } } }",
  "connectionPool: { tcp: { tcpKeepalive: { time: 9h6m8s } } }",
  "connectionPool: { tcp: { tcpKeepalive: { interval: 32768s } } }",
  "connectionPool: { tcp: { tcpKeepalive: { probes: 128 } } }",
])("%s is what an Envoy refuses", (policy) => {
  expect(findings(destinationRule(`trafficPolicy: { ${policy} }`))).toEqual([["SL0501", 6]]);
});

test("items are counted from 1, as everywhere", () => {
  const http =
    "  - redirect: { uri: /x }\n  - match: [{ uri: { prefix: /y } }, { withoutHeaders: { '@request.auth.claims.sub.': { exact: x } } }]\n    redirect: { uri: /z }";
  const [refused] = lower(A + virtualServiceYaml("vs", "a", http)).diagnostics.filter(
    ({ code }) => code === "SL0501",
  );
  expect(refused?.message).toContain('spec.http[2].match[2].withoutHeaders["@request.auth.claims.sub."]');
});
