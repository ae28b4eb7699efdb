/** What the mesh configuration makes of rules, and what is said of it. */

import { describe, expect, test } from "vitest";
import { understand } from "./compile.ts";
import type { Diagnostic } from "./diagnostics/diagnostic.ts";
import type { SourceFile } from "./diagnostics/span.ts";
import type { Cluster, Forward } from "./ir/ir.ts";
import { DEFAULT_PROXY_OPTIONS } from "./options.ts";

const WEB = `
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { ports: [{ name: http, port: 80 }, { name: tcp, port: 90 }] }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: outside, namespace: default }
spec:
  hosts: [outside.example]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: web, namespace: default }
spec:
  host: web
  trafficPolicy:
    portLevelSettings: [{ port: { number: 90 }, connectionPool: { tcp: { connectTimeout: 1s } } }]
`;

const configMap = (mesh: string, name = "istio") =>
  `---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: istio-system }\ndata:\n  mesh: |-\n${mesh.replace(/^/gm, "    ")}\n`;

function read(...input: readonly (string | SourceFile)[]) {
  const findings: Diagnostic[] = [];
  const files = input.map(
    (one, i): SourceFile => (typeof one === "string" ? { path: `${i}.yaml`, text: one } : one),
  );
  const { config } = understand(files, DEFAULT_PROXY_OPTIONS, "check", {
    report: (finding) => void findings.push(finding),
  });
  const cluster = (name: string): Cluster => config.clusters.find((one) => one.name === name)!;
  const said = findings
    .filter(({ level }) => level !== "info")
    .map(({ code, span }) => `${code} ${span?.file.text.slice(span.start, span.end)}`);
  return { config, cluster, findings, said };
}

const HTTP = "outbound|80||web.default.svc.cluster.local";
const TCP = "outbound|90||web.default.svc.cluster.local";
const OUTSIDE = "outbound|80||outside.example";

describe("what it makes of rules", () => {
  test("connections", () => {
    const { cluster, said } = read(
      WEB,
      configMap(
        "connectTimeout: 3s\ntcpKeepalive: { probes: 2, time: 60s }\nh2UpgradePolicy: UPGRADE\ndnsRefreshRate: 5s\ndefaultTrafficPolicy:\n  connectionPool: { tcp: { maxConnections: 7 } }\n  outlierDetection: { consecutive5xxErrors: 3 }",
      ),
    );
    expect(said).toEqual([]);
    expect(cluster(HTTP)).toMatchObject({
      connectTimeoutMs: 3000,
      tcpKeepalive: { probes: 2, timeMs: 60_000 },
      protocol: "http2",
      limits: { maxConnections: 7 },
      outlierDetection: { consecutive5xx: 3 },
    });
    expect(cluster(OUTSIDE)).toMatchObject({ dnsRefreshMs: 5000, protocol: "http2" });
    expect(cluster(HTTP)).not.toHaveProperty("dnsRefreshMs");
    // A block of the rule replaces the mesh's; a port that may speak anything is not upgraded.
    expect(cluster(TCP)).toMatchObject({ connectTimeoutMs: 1000, protocol: "tcp", limits: {} });
    // What nobody registered has the mesh's limits, and no endpoints that could be ejected.
    expect(cluster("PassthroughCluster").limits).toEqual({ maxConnections: 7 });
    expect(cluster("PassthroughCluster")).not.toHaveProperty("outlierDetection");
  });

  test("retries", () => {
    const { config } = read(WEB, configMap("defaultHttpRetryPolicy: { attempts: 0 }"));
    const actions = config.listeners.flatMap(({ routes }) =>
      routes.virtualHosts.flatMap((host) => host.routes.map(({ action }) => action as Forward)),
    );
    const own = actions.filter(({ destinations }) =>
      destinations?.some(({ cluster }) => cluster.includes("web")),
    );
    expect(own.length).toBeGreaterThan(0);
    for (const { retry } of own) {
      expect(retry.attempts).toBe(0);
    }
  });

  test("without one, everything is as Istio ships it", () => {
    const { config, cluster } = read(WEB);
    expect(cluster(HTTP)).toMatchObject({ connectTimeoutMs: 10_000, protocol: "http1" });
    expect(config).not.toHaveProperty("pathNormalization");
  });
});

describe("what is said of it", () => {
  test("a value that is wrong, where it stands in the text within the text", () => {
    const { said, findings } = read(configMap("# of the mesh\nconnectTimeout: soon\nconectTimeout: 1s"));
    expect(said).toEqual(["SL0104 conectTimeout", "SL0105 soon"]);
    expect(findings.find(({ code }) => code === "SL0104")!.help).toContain("connectTimeout");
  });

  test("what an Envoy could not be told of a proxy", () => {
    const { said } = read(
      configMap(
        'defaultConfig:\n  proxyHeaders: { server: { value: "a\\nb" } }\n  gatewayTopology: { numTrustedProxies: 4294967296 }',
      ),
    );
    expect(said).toEqual(["SL0105 4294967296", 'SL0105 "a\\nb"']);
  });

  test("two that contradict each other, both", () => {
    const { findings, said } = read(
      configMap("connectTimeout: 1s"),
      configMap("connectTimeout: 2s", "istio-canary"),
    );
    expect(said).toEqual(["SL0940 2s"]);
    expect(findings[0]!.related!.map(({ span }) => span.file.text.slice(span.start, span.end))).toEqual([
      "1s",
    ]);
    expect(
      read(configMap("connectTimeout: 1s"), configMap("connectTimeout: 1s", "istio-canary")).said,
    ).toEqual([]);
  });

  test("a file that was named holds alone, bare or in a resource", () => {
    const bare = { path: "mesh.yaml", text: "connectTimeout: 4s\n", holds: "MeshConfig" as const };
    const { cluster, findings } = read(WEB, configMap("connectTimeout: 1s"), bare);
    expect(cluster(HTTP).connectTimeoutMs).toBe(4000);
    expect(findings.map(({ code }) => code)).toContain("SL0941");
    const whole = { ...bare, text: configMap("connectTimeout: 6s") };
    expect(read(WEB, configMap("connectTimeout: 1s"), whole).cluster(HTTP).connectTimeoutMs).toBe(6000);
  });

  test("a field that is not obeyed and would decide requests, by name", () => {
    const { said } = read(
      WEB,
      configMap(
        "defaultConfig:\n  gatewayTopology: { numTrustedProxies: 1 }\ndiscoverySelectors: [{ matchLabels: { a: b } }]",
      ),
    );
    expect(said).toEqual(["SL0111 [{ matchLabels: { a: b } }]"]);
  });
});

describe("the access log", () => {
  const logOf = (mesh: string) => read(WEB, configMap(mesh)).config.accessLog;

  test("none unless it is asked for", () => {
    expect(read(WEB, configMap("connectTimeout: 1s")).config).not.toHaveProperty("accessLog");
    expect(logOf('accessLogFile: ""')).toBeUndefined();
  });

  test("a line, which may look like JSON", () => {
    expect(logOf("accessLogFile: /dev/stdout")).toEqual({
      path: "-",
      format: { kind: "named", name: "text" },
    });
    expect(logOf("accessLogFile: /tmp/log\naccessLogFormat: |\n  {took: %DURATION%}")).toEqual({
      path: "/tmp/log",
      format: { kind: "text", text: "{took: %DURATION%}" },
    });
  });

  test("JSON, as Istio has it or as it is written; how it is written may be said without where", () => {
    expect(logOf("accessLogEncoding: JSON")).toMatchObject({
      path: "",
      format: { fields: { response_code: "%RESPONSE_CODE%", route_name: "%RULE%" } },
    });
    expect(logOf('accessLogEncoding: JSON\naccessLogFormat: \'{"a": ["%DURATION%"]}\'')).toEqual({
      path: "",
      format: { kind: "json", fields: { a: ["%DURATION%"] } },
    });
  });

  test.each([
    ["accessLogFormat: '%NO_SUCH%'", "SL0944 '%NO_SUCH%'"],
    ['accessLogEncoding: JSON\naccessLogFormat: "{"', 'SL0944 "{"'],
    ["accessLogEncoding: JSON\naccessLogFormat: '[1]'", "SL0944 '[1]'"],
    ["accessLogEncoding: XML", "SL0107 XML"],
    ["accessLogFile: logs/a", "SL0944 logs/a"],
    ["trustDomain: my_mesh", "SL0944 my_mesh"],
    ["trustDomainAliases: [old.example, '']", "SL0944 ''"],
    ["protocolDetectionTimeout: 0.1ms", "SL0201 0.1ms"],
    ["serviceSettings: [{ hosts: ['a*b'] }]", "SL0203 'a*b'"],
  ])("%s", (mesh, finding) => {
    expect(read(configMap(mesh)).said).toEqual([finding]);
  });
});

test("nulls are not there, at whatever depth", () => {
  const { cluster, said } = read(
    WEB,
    configMap(
      "connectTimeout: null\ndefaultTrafficPolicy:\n  connectionPool: { tcp: { maxConnections: 7, connectTimeout: null } }\n  outlierDetection: null",
    ),
  );
  expect(said).toEqual([]);
  expect(cluster(HTTP)).toMatchObject({ connectTimeoutMs: 10_000, limits: { maxConnections: 7 } });
  expect(cluster(HTTP)).not.toHaveProperty("outlierDetection");
});

test("how long a port that may speak anything waits for its client", () => {
  expect(read(configMap("protocolDetectionTimeout: 100ms")).config.detectionTimeoutMs).toBe(100);
  expect(read(configMap("protocolDetectionTimeout: 0s")).config.detectionTimeoutMs).toBe(0);
});

describe("tlsDefaults", () => {
  const TLS = `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec:
  servers:
  - { port: { number: 443, name: a, protocol: HTTPS }, hosts: [a.example], tls: { mode: SIMPLE, credentialName: c } }
  - port: { number: 8443, name: b, protocol: HTTPS }
    hosts: [b.example]
    tls: { mode: SIMPLE, credentialName: c, minProtocolVersion: TLSV1_1, cipherSuites: [AES128-SHA], ecdhCurves: [P-521] }
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: out, namespace: default }
spec: { host: outside.example, trafficPolicy: { tls: { mode: SIMPLE } } }
`;
  const DEFAULTS =
    "tlsDefaults:\n  minProtocolVersion: TLSV1_3\n  cipherSuites: [AES256-SHA]\n  ecdhCurves: [P-256]";

  test("hold for servers that do not say it, and for clients but for the version", () => {
    const { config, cluster } = read(WEB, TLS, configMap(DEFAULTS));
    const tlsOf = (port: number) => config.listeners.find((one) => one.port === port)!.tls;
    expect(tlsOf(443)).toMatchObject({ minVersion: "1.3", cipherSuites: ["AES256-SHA"], curves: ["P-256"] });
    expect(tlsOf(8443)).toMatchObject({ minVersion: "1.1", cipherSuites: ["AES128-SHA"], curves: ["P-521"] });
    expect(cluster(OUTSIDE).tls).toMatchObject({ cipherSuites: ["AES256-SHA"], curves: ["P-256"] });
    expect(read(WEB, TLS).cluster(OUTSIDE).tls).not.toHaveProperty("cipherSuites");
  });

  test("what Envoy does not know is said", () => {
    const { said } = read(
      configMap("tlsDefaults: { cipherSuites: [FAST], ecdhCurves: [P-1], minProtocolVersion: TLSV1_0 }"),
    );
    expect(said).toEqual(["SL0107 TLSV1_0"]);
    expect(read(configMap("tlsDefaults: { cipherSuites: [FAST], ecdhCurves: [P-1] }")).said).toEqual([
      "SL0279 FAST",
      "SL0944 P-1",
    ]);
  });
});
