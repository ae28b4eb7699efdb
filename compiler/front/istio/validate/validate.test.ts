/** Every rule once: a spec that breaks it, the code it gets, and the field that is pointed at. */

import { describe, expect, test } from "vitest";
import { DIAGNOSTIC_CODES } from "../../../diagnostics/codes.ts";
import type { Diagnostic } from "../../../diagnostics/diagnostic.ts";
import { loadResources } from "../../resources/model.ts";
import { validate } from "./index.ts";

function findingsOf(kind: string, spec: string, metadata: string): Diagnostic[] {
  const text = `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: ${metadata}\nspec: ${spec}\n`;
  const found: Diagnostic[] = [];
  const sink = { report: (diagnostic: Diagnostic) => found.push(diagnostic) };
  validate(loadResources([{ path: "a.yaml", text }], sink), sink);
  return found;
}

/** The codes found, and the text that each points at. */
function check(kind: string, spec: string, metadata = "{name: a}"): string[] {
  return findingsOf(kind, spec, metadata).map(
    ({ code, span }) => `${code} ${span?.file.text.slice(span.start, span.end).trim()}`,
  );
}

const http = (rule: string) => `{hosts: [a.b], http: [${rule}]}`;
const to = "route: [{destination: {host: c}}]";
const policy = (text: string) => `{host: a, trafficPolicy: ${text}}`;
const entry = (text: string) => `{hosts: [a.b], resolution: STATIC, ${text}}`;
const server = (text: string, port = "{number: 80, name: p, protocol: HTTP}") =>
  `{servers: [{port: ${port}, ${text}}]}`;
const HTTPS = "{number: 443, name: p, protocol: HTTPS}";

const VIRTUAL_SERVICE: readonly (readonly [string, string])[] = [
  [http(`{${to}, timeout: 0.5ms}`), "SL0201 0.5ms"],
  [http(`{${to}, timeout: 0s}`), "SL0201 0s"],
  [http(`{${to}, timeout: 1.0001s}`), "SL0201 1.0001s"],
  [http("{route: [{destination: {host: c, port: {number: 70000}}}]}"), "SL0202 70000"],
  ["{hosts: [a_b.c], http: [{redirect: {uri: /}}]}", "SL0203 a_b.c"],
  ["{hosts: [a.*.c], http: [{redirect: {uri: /}}]}", "SL0203 a.*.c"],
  [http("{route: [{destination: {host: 10.0.0.1}}]}"), "SL0203 10.0.0.1"],
  [http(`{match: [{sourceLabels: {app: a b}}], ${to}}`), "SL0205 a b"],
  [`{hosts: [a.b], exportTo: ["*", x], http: [{${to}}]}`, 'SL0206 "*"'],
  [`{hosts: [a.b], exportTo: [., default], http: [{${to}}]}`, "SL0206 default"],
  [http(`{match: [{uri: {regex: "(?=a)"}}], ${to}}`), 'SL0207 "(?=a)"'],
  [http(`{match: [{uri: {regex: ""}}], ${to}}`), 'SL0207 ""'],
  [http(`{match: [{method: {prefix: ""}}], ${to}}`), 'SL0208 ""'],
  [http(`{match: [{sourceNamespace: A_B}], ${to}}`), "SL0209 A_B"],
  [`{gateways: [g], http: [{${to}}]}`, "SL0211 [g]"],
  [`{hosts: [a.b], gateways: [a/b/c], http: [{${to}}]}`, "SL0212 a/b/c"],
  [`{hosts: [a.b], gateways: [g.ns], http: [{${to}}]}`, "SL0213 g.ns"],
  [http(`{match: [{headers: {"@request.auth.claims.sub": {exact: a}}}], ${to}}`), "SL0214 {exact: a}"],
  [`{hosts: ["*"], http: [{${to}}]}`, 'SL0215 "*"'],
  [`{hosts: ["*.b", a.b], http: [{${to}}]}`, "SL0216 a.b"],
  ["{hosts: [a.b]}", "SL0217 {hosts: [a.b]}"],
  [http("{}"), "SL0218 {}"],
  [http(`{${to}, redirect: {uri: /}}`), "SL0218 {uri: /}"],
  [
    http(`{${to}, mirror: {host: d}, mirrors: [{destination: {host: e}}]}`),
    "SL0218 [{destination: {host: e}}]",
  ],
  ["{http: [{delegate: {name: d}}]}", "SL0219 {name: d}"],
  [http(`{match: [{headers: {"a b": {exact: c}}}], ${to}}`), "SL0220 {exact: c}"],
  [http(`{${to}, headers: {request: {set: {"a b": c}}}}`), "SL0220 c"],
  [http(`{${to}, headers: {request: {add: {"a:b": c}}}}`), "SL0220 c"],
  [http(`{${to}, headers: {response: {remove: ["a b"]}}}`), 'SL0220 "a b"'],
  [http(`{${to}, headers: {response: {set: {":status": "1"}}}}`), 'SL0221 "1"'],
  [http(`{${to}, headers: {request: {set: {a: 100%}}}}`), "SL0222 100%"],
  [http("{route: [{destination: {host: c}, weight: -1}]}"), "SL0224 -1"],
  [
    http("{route: [{destination: {host: c}}, {destination: {host: d}}]}"),
    "SL0224 [{destination: {host: c}}, {destination: {host: d}}]",
  ],
  [http("{route: [{destination: {host: c, subset: a_b}}]}"), "SL0225 a_b"],
  [http(`{${to}, rewrite: {authority: x}, headers: {request: {set: {host: z}}}}`), "SL0226 z"],
  [http(`{${to}, fault: {}}`), "SL0230 {}"],
  [http(`{${to}, fault: {delay: {exponentialDelay: 1s}}}`), "SL0231 1s"],
  [http(`{${to}, fault: {abort: {httpStatus: 99}}}`), "SL0232 99"],
  [http(`{${to}, fault: {abort: {grpcStatus: nope}}}`), "SL0232 nope"],
  [http(`{${to}, fault: {abort: {httpStatus: 503, percentage: {value: 101}}}}`), "SL0233 101"],
  [http(`{${to}, fault: {abort: {httpStatus: 503, percentage: {value: 0.00001}}}}`), "SL0233 0.00001"],
  [http(`{${to}, mirror: {host: d}, mirrorPercent: 5}`), "SL0235 5"],
  [http("{redirect: {redirectCode: 301}}"), "SL0240 {redirectCode: 301}"],
  [http("{redirect: {uri: /, redirectCode: 200}}"), "SL0240 200"],
  [
    http(`{directResponse: {status: 200, body: {string: ${"a".repeat(110_000)}}}}`),
    `SL0242 {string: ${"a".repeat(110_000)}}`,
  ],
  [
    http(`{directResponse: {status: 200, body: {string: ${"a".repeat(1_100_000)}}}}`),
    `SL0241 {string: ${"a".repeat(1_100_000)}}`,
  ],
  [http(`{${to}, rewrite: {}}`), "SL0243 {}"],
  [http(`{${to}, corsPolicy: {allowMethods: [get]}}`), "SL0250 get"],
  [http(`{${to}, corsPolicy: {maxAge: 1500ms}}`), "SL0250 1500ms"],
  [http(`{${to}, retries: {attempts: -1}}`), "SL0251 -1"],
  [http(`{${to}, retries: {attempts: 0, retryOn: 5xx}}`), "SL0251 5xx"],
  [http(`{${to}, retries: {attempts: 1, retryOn: "5xx, reset"}}`), 'SL0252 "5xx, reset"'],
  // Neither is one that Go has a name for, or that only looks as if a table had it.
  [http(`{${to}, retries: {attempts: 1, retryOn: "5xx,509"}}`), 'SL0252 "5xx,509"'],
  [http(`{${to}, retries: {attempts: 1, retryOn: constructor}}`), "SL0252 constructor"],
  ["{hosts: [a.b], tls: [{match: [{sniHosts: [x.y]}], route: [{destination: {host: c}}]}]}", "SL0260 x.y"],
  [
    "{hosts: [10.0.0.1], tls: [{match: [{sniHosts: [10.0.0.1]}], route: [{destination: {host: c}}]}]}",
    "SL0261 10.0.0.1",
  ],
  [
    "{hosts: [a.b], tcp: [{match: [{destinationSubnets: [10.0.0.0/40]}], route: [{destination: {host: c}}]}]}",
    "SL0262 10.0.0.0/40",
  ],
  ["{hosts: [a.b], tcp: [{match: [{port: 1}]}]}", "SL0223 {match: [{port: 1}]}"],
  [http("{route: [{destination: {host: c, port: {}}}]}"), "SL0202 {}"],
  [http(`{match: [{headers: {":AUTHORITY": {exact: a}}}], ${to}}`), "SL0220 {exact: a}"],
  [http(`{match: [{headers: {"@request.auth.claims[sub": {exact: a}}}], ${to}}`), "SL0220 {exact: a}"],
  [http(`{match: [{sourceLabels: {é: a}}], ${to}}`), "SL0205 a"],
  [http(`{${to}, mirror: {host: d}, mirror_percent: 101}`), "SL0233 101"],
  [http(`{${to}, mirror: {host: d}, mirror_percent: 5}`), "SL0235 5"],
  [http(`{${to}, headers: {request: {set: {a: "%A()%"}}}}`), 'SL0222 "%A()%"'],
  [http(`{${to}, headers: {request: {set: {a: '%A(["b", c])%'}}}}`), `SL0222 '%A(["b", c])%'`],
  [http(`{${to}, headers: {request: {set: {a: "%A(b"}}}}`), 'SL0222 "%A(b"'],
  [`{hosts: [a.b], gateways: [./g], http: [{${to}}]}`, "SL0212 ./g"],
  [
    "{hosts: [a.b, c.d], gateways: [mesh, a/g], tls: [{match: [{sniHosts: [outbound_.80_._.a.b]}], route: [{destination: {host: c}}]}]}",
    "SL0203 outbound_.80_._.a.b",
  ],
  [
    "{hosts: [a.b], tcp: [{match: [{destinationSubnets: [10.0.0.0/08]}], route: [{destination: {host: c}}]}]}",
    "SL0262 10.0.0.0/08",
  ],
  [
    "{hosts: [a.b], tcp: [{match: [{destinationSubnets: [fe80::1%a/64]}], route: [{destination: {host: c}}]}]}",
    "SL0262 fe80::1%a/64",
  ],
  [http(`{${to}}, {redirect: {uri: /}}`), "SL0270 {redirect: {uri: /}}"],
  [
    http(`{match: [{uri: {prefix: /a}}], ${to}}, {match: [{uri: {prefix: /ab}}], ${to}}`),
    "SL0271 {uri: {prefix: /ab}}",
  ],
];

const DESTINATION_RULE: readonly (readonly [string, string])[] = [
  ["{host: a, subsets: [{name: v1}, {name: v1}]}", "SL0225 v1"],
  [policy("{}"), "SL0290 {}"],
  [policy("{connectionPool: {}}"), "SL0290 {}"],
  [policy("{tunnel: {protocol: GET, targetHost: a.b, targetPort: 1}}"), "SL0291 GET"],
  [policy("{portLevelSettings: [{tls: {mode: DISABLE}}]}"), "SL0292 {tls: {mode: DISABLE}}"],
  [policy("{connectionPool: {tcp: {maxConnections: -1}}}"), "SL0293 -1"],
  [policy("{outlierDetection: {consecutiveLocalOriginFailures: 1}}"), "SL0293 1"],
  [policy("{outlierDetection: {maxEjectionPercent: 101}}"), "SL0233 101"],
  [policy("{outlierDetection: {consecutiveErrors: 1}}"), "SL0295 1"],
  ["{host: a, workloadSelector: {}}", "SL0294 {}"],
  ["{host: a, workloadSelector: {matchLabels: {a: b*}}}", "SL0205 b*"],
  [policy("{loadBalancer: {warmupDurationSecs: 0s}}"), "SL0201 0s"],
  [policy("{tls: {mode: DISABLE, credentialName: configmap://other/a}}"), "SL0296 configmap://other/a"],
  [policy("{tls: {mode: SIMPLE, credentialName: configmap://a}}"), "SL0296 configmap://a"],
  [policy('{tls: {mode: SIMPLE, sni: "a\\0b"}}'), 'SL0203 "a\\0b"'],
  [
    policy('{loadBalancer: {localityLbSetting: {distribute: [{from: a, to: {"b/*": 50, b/c: 50}}]}}}'),
    "SL0298 50",
  ],
  [
    policy(
      '{loadBalancer: {localityLbSetting: {distribute: [{from: "a/*", to: {b: 100}}, {from: a/b, to: {b: 100}}]}}}',
    ),
    "SL0298 a/b",
  ],
  [policy("{tls: {mode: MUTUAL, clientCertificate: /a}}"), "SL0296 {mode: MUTUAL, clientCertificate: /a}"],
  [policy("{loadBalancer: {consistentHash: {httpHeaderName: a, maglev: {tableSize: 4}}}}"), "SL0297 4"],
  [
    policy("{outlierDetection: {}, loadBalancer: {localityLbSetting: {failover: [{from: a/b, to: c}]}}}"),
    "SL0298 a/b",
  ],
  [
    policy("{loadBalancer: {localityLbSetting: {failover: [{from: a, to: c}]}}}"),
    "SL0299 {failover: [{from: a, to: c}]}",
  ],
];

const SERVICE_ENTRY: readonly (readonly [string, string])[] = [
  ['{hosts: ["*"]}', 'SL0203 "*"'],
  ['{hosts: ["*a.b"], resolution: NONE}', 'SL0281 "*a.b"'],
  ["{hosts: [a.b], addresses: [10.0.0.0/8], resolution: DNS}", "SL0282 10.0.0.0/8"],
  [
    entry("ports: [{number: 80, name: a, protocol: HTTP}, {number: 80, name: b, protocol: HTTP}]"),
    "SL0283 80",
  ],
  [entry("ports: [{number: 80, name: a, protocol: SMTP}]"), "SL0284 SMTP"],
  [
    "{hosts: [a.b], resolution: NONE, ports: [{number: 25, name: a, protocol: TCP}]}",
    "SL0285 {number: 25, name: a, protocol: TCP}",
  ],
  [
    "{hosts: [a.b, c.d], addresses: [10.0.0.1], resolution: STATIC, ports: [{number: 25, name: a, protocol: TCP}]}",
    "SL0286 {number: 25, name: a, protocol: TCP}",
  ],
  [entry("endpoints: [{address: a.b}]"), "SL0287 a.b"],
  [
    entry("ports: [{number: 80, name: a, protocol: HTTP}], endpoints: [{address: 10.0.0.1, ports: {b: 1}}]"),
    "SL0287 1",
  ],
  [entry("endpoints: [{address: 'unix:///a/'}], ports: [{number: 80, name: a}]"), "SL0287 'unix:///a/'"],
  [
    entry("endpoints: [{address: 'unix:///a', labels: {a: -b}}], ports: [{number: 80, name: a}]"),
    "SL0205 -b",
  ],
  [entry("endpoints: [{address: 'unix:///a', ports: {}}], ports: [{number: 80, name: a}]"), "SL0287 {}"],
  [entry("ports: [{number: 80, name: a, targetPort: 0}]"), "SL0202 0"],
  [entry("endpoints: [], workloadSelector: {labels: {a: b}}"), "SL0287 {labels: {a: b}}"],
  ["{hosts: [a.b], resolution: NONE, endpoints: []}", "SL0288 []"],
  ['{hosts: ["*.b"], resolution: DNS, workloadSelector: {labels: {a: b}}}', 'SL0288 "*.b"'],
  ["{hosts: [a.b], resolution: NONE, endpoints: [{address: 10.0.0.1}]}", "SL0288 [{address: 10.0.0.1}]"],
  [
    "{hosts: [a.b, c.d], addresses: [10.0.0.1], resolution: DNS, ports: [{number: 443, name: a, protocol: HTTPS}]}",
    "SL0289 [10.0.0.1]",
  ],
];

const GATEWAY: readonly (readonly [string, string])[] = [
  ["{servers: []}", "SL0273 {servers: []}"],
  [server('hosts: ["*"]', "{number: 80, name: p, protocol: HTTP, targetPort: 1}"), "SL0274 1"],
  [server('hosts: ["*"]', HTTPS), `SL0275 {port: ${HTTPS}, hosts: ["*"]}`],
  [
    server('hosts: ["*"], tls: {mode: SIMPLE, credentialName: a}'),
    "SL0275 {mode: SIMPLE, credentialName: a}",
  ],
  [server("hosts: [short]"), "SL0276 short"],
  [server('hosts: ["::1"]'), 'SL0276 "::1"'],
  [server('hosts: ["*"], bind: "unix:///a/"', "{number: 0, name: p, protocol: TCP}"), 'SL0278 "unix:///a/"'],
  [
    server(
      'hosts: ["*"], tls: {mode: PASSTHROUGH, serverCertificate: a, privateKey: b, credentialName: c}',
      HTTPS,
    ),
    "SL0263 a",
  ],
  [server('hosts: ["*"], tls: {credentialName: a, caCrl: b}', HTTPS), "SL0263 b"],
  [server('hosts: ["*"], tls: {httpsRedirect: true, mode: SIMPLE, credentialName: a}', HTTPS), "SL0277 true"],
  [server('hosts: ["*"], bind: a'), "SL0278 a"],
  [server('hosts: ["*"], tls: {mode: SIMPLE, credentialName: a, cipherSuites: [X]}', HTTPS), "SL0279 X"],
  [
    server(
      'hosts: ["*"], tls: {mode: SIMPLE, credentialName: a, minProtocolVersion: TLSV1_3, maxProtocolVersion: TLSV1_2}',
      HTTPS,
    ),
    "SL0296 TLSV1_2",
  ],
  [server('hosts: ["*"], tls: {mode: SIMPLE}', HTTPS), "SL0263 {mode: SIMPLE}"],
];

const egress = (listener: string) => `{egress: [{${listener}, hosts: ["./*"]}]}`;
const egressProxy = (to: string, mode = "ALLOW_ANY") =>
  `{outboundTrafficPolicy: {mode: ${mode}, egressProxy: ${to}}}`;

const SIDECAR: readonly (readonly [string, string])[] = [
  [egress("port: {number: 80}"), "SL0930 {number: 80}"],
  [egress("port: {number: 80, protocol: SPDY}"), "SL0930 SPDY"],
  [egress("port: {number: 80, protocol: HTTP, name: a_b}"), "SL0930 a_b"],
  [egress("port: {number: 80, protocol: HTTP, targetPort: 81}"), "SL0930 81"],
  [egress("port: {number: 80, protocol: HTTP}, bind: a.b"), "SL0930 a.b"],
  [egress("bind: unix:///a"), "SL0930 unix:///a"],
  [egress("port: {number: 0, protocol: HTTP}"), "SL0930 {number: 0, protocol: HTTP}"],
  [egress("port: {number: 0, protocol: HTTP}, bind: unix://a"), "SL0930 unix://a"],
  [egress("port: {number: 0, protocol: HTTP}, bind: unix:///a, captureMode: IPTABLES"), "SL0930 IPTABLES"],
  [
    '{egress: [{port: {number: 80, protocol: HTTP}, hosts: ["./*"]}, {port: {number: 80, protocol: TCP}, hosts: ["*/a.b"]}]}',
    'SL0930 {port: {number: 80, protocol: TCP}, hosts: ["*/a.b"]}',
  ],
  [
    '{egress: [{hosts: ["./*"]}, {port: {number: 80, protocol: HTTP}, hosts: ["./*"]}]}',
    'SL0930 {hosts: ["./*"]}',
  ],
  [egressProxy("{host: a.b, port: {number: 80}}", "REGISTRY_ONLY"), "SL0930 {host: a.b, port: {number: 80}}"],
  ["{outboundTrafficPolicy: {egressProxy: {host: a.b}}}", "SL0930 {host: a.b}"],
  [egressProxy("{host: a.b, subset: v1}"), "SL0930 {host: a.b, subset: v1}"],
  [egressProxy("{host: a.b, port: {}}"), "SL0202 {}"],
  [egressProxy("{host: a.b, port: {number: 65536}}"), "SL0202 65536"],
  [egressProxy("{host: foobar*123, port: {number: 80}}"), "SL0203 foobar*123"],
  [egressProxy('{host: "*.b", port: {number: 80}}'), 'SL0930 "*.b"'],
  [egressProxy('{host: "*", port: {number: 80}}'), 'SL0203 "*"'],
  [egressProxy("{host: a.b, subset: V_1, port: {number: 80}}"), "SL0225 V_1"],
];

const WORKLOAD_ENTRY: readonly (readonly [string, string])[] = [
  ["{}", "SL0287 {}"],
  ["{address: a_b}", "SL0287 a_b"],
  ["{address: unix://a}", "SL0287 unix://a"],
  ["{address: 10.0.0.1, ports: {a_b: 80}}", "SL0283 80"],
  ["{address: 10.0.0.1, ports: {a: 65536}}", "SL0202 65536"],
  ["{address: 10.0.0.1, labels: {a: b c}}", "SL0205 b c"],
  ["{network: net}", "SL0294 {network: net}"],
];

const l4 = "route: [{destination: {host: c}}]";
const selected = (text: string) =>
  `{hosts: ["*.b"], resolution: DYNAMIC_DNS, location: MESH_INTERNAL, ${text}}`;

/** What looks wrong and is not, by istiod's own judgement. */
const FAULTLESS: readonly (readonly [kind: string, spec: string, metadata?: string])[] = [
  ["Sidecar", egressProxy("{host: foo.bar, subset: shiny, port: {number: 5000}}")],
  ["VirtualService", http(`{${to}, timeout: 1000us}`)],
  ["VirtualService", http(`{match: [{sourceLabels: {1.2/c: ${"x".repeat(64)}}}], ${to}}`)],
  ["VirtualService", http(`{match: [{headers: {"a,b": {exact: c}}, sourceNamespace: Ns}], ${to}}`)],
  [
    "VirtualService",
    http(`{${to}, headers: {request: {set: {a: '%A %%a.b%%A( ["b","c\\""] ) %%D(e:1)%%%'}}}}`),
  ],
  ["VirtualService", `{hosts: ["123", a.5.], gateways: [g, /, A/B], http: [{${to}}]}`],
  ["VirtualService", `{hosts: [a.b], exportTo: [Ns], http: [{${to}}]}`],
  [
    "VirtualService",
    http(`{${to}, rewrite: {authority: ""}, headers: {request: {set: {host: z}}}}`).replace(
      'authority: ""',
      'authority: "", uri: /',
    ),
  ],
  [
    "VirtualService",
    `{hosts: [outbound_.80_._.a.b], gateways: [a/g], tls: [{match: [{sniHosts: [outbound_.80_._.a.b]}], ${l4}}]}`,
  ],
  [
    "VirtualService",
    http(
      `{match: [{uri: {prefix: /a}, headers: {x: {exact: a}}}], ${to}}, {match: [{uri: {prefix: /ab}, headers: {x: {exact: b}}}], ${to}}`,
    ),
  ],
  [
    "VirtualService",
    http(
      `{match: [{uri: {prefix: /a}, method: {exact: POST}}], ${to}}, {match: [{uri: {prefix: /ab}}], ${to}}`,
    ),
  ],
  ["DestinationRule", policy("{portLevelSettings: [{port: {}, tls: {mode: DISABLE}}]}")],
  ["DestinationRule", policy("{connectionPool: {tcp: {idleTimeout: 500us}}}")],
  ["DestinationRule", policy("{outlierDetection: {consecutiveErrors: 0}}")],
  ["DestinationRule", policy("{loadBalancer: {warmupDurationSecs: 1500us}}")],
  [
    "DestinationRule",
    policy("{loadBalancer: {consistentHash: {httpHeaderName: a, maglev: {tableSize: 1}}}}"),
  ],
  ["DestinationRule", policy("{tls: {mode: ISTIO_MUTUAL, insecureSkipVerify: true, subjectAltNames: [a]}}")],
  ["DestinationRule", policy("{tls: {mode: SIMPLE, credentialName: configmap://default/a}}")],
  [
    "DestinationRule",
    policy(
      '{loadBalancer: {localityLbSetting: {distribute: [{from: a/b, to: {"c*": 100}}, {from: "a/*", to: {b: 100}}]}}}',
    ),
  ],
  [
    "DestinationRule",
    policy(
      "{outlierDetection: {}, loadBalancer: {localityLbSetting: {failover: [{from: a, to: b}], failoverPriority: [topology.kubernetes.io/region=a]}}}",
    ),
  ],
  ["ServiceEntry", "{hosts: [a.b], resolution: NONE, ports: [{number: 25, name: A, protocol: MYSQL}]}"],
  ["ServiceEntry", '{hosts: ["*.b"], resolution: STATIC, ports: [{number: 25, name: a}]}'],
  [
    "ServiceEntry",
    "{hosts: [a.b, c.d], addresses: [10.0.0.1], resolution: DNS, ports: [{number: 80, name: a, protocol: GRPC}]}",
  ],
  ["ServiceEntry", selected("ports: []"), "{name: a, labels: {istio.io/use-waypoint: None}}"],
  ["Gateway", server('hosts: ["*"], tls: {mode: AUTO_PASSTHROUGH, httpsRedirect: true}')],
  ["Gateway", server("hosts: [A/a.b]"), "{name: A}"],
  ["Gateway", server('hosts: ["*"], tls: {mode: ISTIO_MUTUAL, caCrl: a}', HTTPS)],
  ["Gateway", server('hosts: ["*"], tls: {mode: SIMPLE, credentialName: a, cipherSuites: [ALL, ""]}', HTTPS)],
  ["WorkloadEntry", "{address: a.b, ports: {http: 8080}, labels: {app: a}}"],
  ["WorkloadEntry", "{address: 'unix://@a'}"],
];

describe.each(FAULTLESS)("%s %s", (kind, spec, metadata = "{name: a}") => {
  test("is faultless", () => expect(check(kind as string, spec as string, metadata)).toEqual([]));
});

test("tells one thing of a match that an earlier one takes", () => {
  const match = "match: [{uri: {prefix: /a}}]";
  const again = "match: [{uri: {prefix: /a}, name: b, port: 0, ignoreUriCase: false, headers: {}}]";
  const longer = "match: [{uri: {prefix: /ab}}]";
  expect(
    check("VirtualService", http(`{${match}, ${to}}, {${again}, ${to}}`)).map((one) => one.slice(0, 6)),
  ).toEqual(["SL0271", "SL0270"]);
  expect(check("VirtualService", http(`{${match}, ${to}}, {${to}}, {${longer}, ${to}}`))).toEqual([
    "SL0270 {uri: {prefix: /ab}}",
  ]);
});

describe.each([
  ["WorkloadEntry", WORKLOAD_ENTRY],
  ["Sidecar", SIDECAR],
  ["VirtualService", VIRTUAL_SERVICE],
  ["DestinationRule", DESTINATION_RULE],
  ["ServiceEntry", SERVICE_ENTRY],
  ["Gateway", GATEWAY],
])("%s", (kind, cases) => {
  test.each(cases.map(([spec, expected]) => [expected.slice(0, 60), spec, expected] as const))(
    "%s",
    (_, spec, expected) => {
      expect(check(kind, spec)).toContain(expected);
    },
  );
});

test("refuses Istio's own annotations and a Gateway's dotted name", () => {
  const good = server('hosts: ["*"]');
  expect(check("Gateway", good)).toEqual([]);
  expect(check("Gateway", good, "{name: a.b}")).toEqual(["SL0272 a.b"]);
  expect(check("Gateway", good, '{name: a, annotations: {istio.io/dry-run: "true"}}')).toEqual([
    'SL0210 "true"',
  ]);
});

test("knows our own annotations", () => {
  const rules = "{hosts: [a], http: [{route: [{destination: {host: a}}]}]}";
  const of = (annotation: string) =>
    check("VirtualService", rules, `{name: a, annotations: {${annotation}}}`);
  for (const value of ["source-ip", "header:x-user", "cookie:id"]) {
    expect(of(`sluice.dev/sticky: "${value}"`)).toEqual([]);
  }
  for (const value of ["", "source", "header", "header:", "header:a b", "cookie::path", "Header:a"]) {
    expect(of(`sluice.dev/sticky: "${value}"`)).toEqual([`SL0227 "${value}"`]);
  }
  expect(of("sluice.dev/stiky: source-ip")).toEqual(["SL0227 source-ip"]);
  expect(check("Gateway", server('hosts: ["*"]'), "{name: a, annotations: {sluice.dev/sticky: x}}")).toEqual([
    "SL0227 x",
  ]);
});

test.each(["error-page", "compression"])("%s on a VirtualService is sent to its Gateways", (annotation) => {
  const of = (more: string) =>
    findingsOf(
      "VirtualService",
      `{${more} http: [{route: [{destination: {host: a}}]}]}`,
      `{name: a, namespace: shop, annotations: {sluice.dev/${annotation}: "503: sorry"}}`,
    ).map(({ code, help }) => `${code} ${/^Put it on (a Gateway|[^:]*)/.exec(help ?? "")?.[1]}`);
  expect(of("hosts: [a], gateways: [edge, mesh, ./edge, other/edge],")).toEqual([
    "SL0227 Gateway shop/edge and other/edge",
  ]);
  expect(of("hosts: [a],")).toEqual(["SL0227 a Gateway"]);
  expect(of("")).toEqual(["SL0227 a Gateway"]);
});

test("a rate limit is of rules that there are", () => {
  const rules =
    "{hosts: [a], http: [{name: checkout, match: [{uri: {prefix: /x}}], route: [{destination: {host: a}}]}, {route: [{destination: {host: a}}]}]}";
  const of = (value: string, spec = rules) =>
    check("VirtualService", spec, `{name: a, annotations: {sluice.dev/rate-limit: "${value}"}}`);
  for (const value of ["1/s", "checkout: 1/s by client-address; *: 5/m burst 2"]) {
    expect(of(value)).toEqual([]);
  }
  for (const value of ["", "1/d", "chekout: 1/s", "checkout: 1/s; other: 1/s", "1/s by claim:"]) {
    expect(of(value)).toEqual([`SL0227 "${value}"`]);
  }
  // No token is verified in the mesh.
  const bound = (more: string) =>
    of("1/s by claim:sub", `{${more} http: [{route: [{destination: {host: a}}]}]}`);
  for (const of of ["hosts: [a],", "hosts: [a], gateways: [mesh],", "hosts: [a], gateways: [edge, mesh],"]) {
    expect(bound(of)).toEqual(['SL0227 "1/s by claim:sub"']);
  }
  for (const of of ["hosts: [a], gateways: [edge],", ""]) {
    expect(bound(of)).toEqual([]);
  }
  expect(of("1/s", "{hosts: [a], tcp: [{route: [{destination: {host: a, port: {number: 9}}}]}]}")).toEqual([
    'SL0227 "1/s"',
  ]);
});

test("has a case for every code of its range that the schema leaves to it", () => {
  const cases = [...VIRTUAL_SERVICE, ...DESTINATION_RULE, ...SERVICE_ENTRY, ...GATEWAY].map(([, expected]) =>
    expected.slice(0, 6),
  );
  const elsewhere = [
    // Above: they stand in the metadata.
    "SL0210",
    "SL0227",
    "SL0272",
    // The schema says it first.
    "SL0280",
  ];
  const missing = Object.keys(DIAGNOSTIC_CODES).filter(
    (code) => code.startsWith("SL02") && !cases.includes(code) && !elsewhere.includes(code),
  );
  expect(missing).toEqual([]);
});
