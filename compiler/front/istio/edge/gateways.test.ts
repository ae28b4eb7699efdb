import { expect, test } from "vitest";
import { hostOf, lower, serviceYaml, tableOf, targets, virtualServiceYaml } from "../testing.ts";

const gateway = (name: string, servers: string, more = "") => `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: default }
spec:
  selector: { istio: ingressgateway }
  servers:
${servers}
${more}`;

const server = (hosts: string, port = 80, name = "http") =>
  `    - { port: { number: ${port}, name: ${name}, protocol: HTTP }, hosts: [${hosts}] }\n`;

const rules = (name: string, hosts: string, prefix: string, gateways = "gateways: [gw]") =>
  virtualServiceYaml(
    name,
    hosts,
    `  - match: [{ uri: { prefix: ${prefix} } }]
    route: [{ destination: { host: ${name} } }]`,
    gateways,
  );

const SERVICES = serviceYaml("a") + serviceYaml("bb");
const A = "outbound|80||a.default.svc.cluster.local";
const B = "outbound|80||bb.default.svc.cluster.local";

test("a listener for each port, and no virtual host without a VirtualService", () => {
  const lowered = lower(gateway("gw", server('"*"') + server('"*"', 8080, "two")), {
    portMap: new Map([[80, 10080]]),
    meshPort: 0,
  });
  expect(lowered.config.listeners).toMatchObject([
    {
      name: "gateway_80",
      role: "gateway",
      port: 10080,
      routes: { ignorePortInHost: true, virtualHosts: [] },
    },
    { name: "gateway_8080", role: "gateway", port: 8080, routes: { virtualHosts: [] } },
  ]);
});

test("virtual hosts are the narrower of each pair of hosts", () => {
  const lowered = lower(
    SERVICES +
      gateway("gw", server("a.example, '*.b.example', '*.c.example'")) +
      rules("a", '"*.example"', "/") +
      rules("bb", "x.b.example", "/"),
  );
  const { virtualHosts } = tableOf(lowered, "gateway_80");
  expect(virtualHosts.map(({ domains }) => domains)).toEqual([
    ["*.b.example"],
    ["*.c.example"],
    ["a.example"],
    ["x.b.example"],
  ]);
  expect(targets(hostOf(lowered, "gateway_80", "x.b.example")?.routes)).toEqual([B]);
});

test("a server admits VirtualServices of the namespaces it names", () => {
  const served = (hosts: string) =>
    tableOf(lower(SERVICES + gateway("gw", server(hosts)) + rules("a", "a.example", "/")), "gateway_80")
      .virtualHosts.length;
  expect(served('"default/*"')).toBe(1);
  expect(served('"./a.example"')).toBe(1);
  expect(served('"*/a.example"')).toBe(1);
  expect(served('"other/*"')).toBe(0);
});

test("several VirtualServices for a host: one after another, what takes everything last", () => {
  const lowered = lower(
    SERVICES + gateway("gw", server('"*"')) + rules("a", "x.example", "/") + rules("bb", "x.example", "/b"),
  );
  expect(targets(hostOf(lowered, "gateway_80", "x.example")?.routes)).toEqual([B, A]);
});

test("servers of several Gateways share a port; a rule bound to both is there once for each", () => {
  const lowered = lower(
    SERVICES +
      gateway("gw", server("a.example") + server("'*.example'", 80, "two")) +
      gateway("gw2", server("b.example")) +
      rules("a", "a.example, b.example", "/", "gateways: [gw, ./gw2]"),
  );
  expect(targets(hostOf(lowered, "gateway_80", "a.example")?.routes)).toEqual([A]);
  expect(hostOf(lowered, "gateway_80", "b.example")).toBeDefined();
});

test("match.port is the server's, not the one bound", () => {
  const lowered = lower(
    SERVICES +
      gateway("gw", server('"*"') + server('"*"', 8080, "two")) +
      virtualServiceYaml(
        "a",
        "x.example",
        "  - match: [{ port: 8080 }]\n    route: [{ destination: { host: a } }]",
        "gateways: [gw]",
      ),
    { portMap: new Map([[8080, 80]]), meshPort: 0 },
  );
  expect(hostOf(lowered, "gateway_80", "x.example")).toBeUndefined();
  expect(hostOf(lowered, "gateway_8080", "x.example")).toBeDefined();
});

test("a Gateway that nobody selects, one that does not exist, hosts that it does not serve", () => {
  const other = gateway("gw", server('"*"')).replace("ingressgateway", "ingresgateway");
  const nobody = lower(other);
  expect(nobody.diagnostics).toMatchObject([{ code: "SL0405", level: "warning" }]);
  expect(nobody.diagnostics[0]?.help).toContain("istio: ingressgateway");
  expect(nobody.config.listeners.map(({ name }) => name)).toEqual(["mesh"]);
  const pod = `
---
apiVersion: v1
kind: Pod
metadata: { name: edge, namespace: default, labels: { istio: ingresgateway } }
`;
  expect(lower(other + pod).findings).toEqual([]);

  const unknown = lower(
    SERVICES + gateway("gateway", server('"*"')) + rules("a", "x.example", "/", "gateways: [gatway]"),
  );
  expect(unknown.diagnostics).toMatchObject([{ code: "SL0404", help: 'Did you mean "default/gateway"?' }]);

  const elsewhere = lower(SERVICES + gateway("gw", server("x.example")) + rules("a", "y.example", "/"));
  expect(elsewhere.diagnostics).toMatchObject([{ code: "SL0408", level: "warning" }]);
});

test("a VirtualService without gateways is not for a gateway", () => {
  const lowered = lower(SERVICES + gateway("gw", server('"*"')) + rules("a", "a", "/", ""));
  expect(tableOf(lowered, "gateway_80").virtualHosts).toEqual([]);
});

test("servers that bind addresses of their own have listeners of their own", () => {
  const { config, findings } = lower(
    `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec:
  servers:
    - { port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }
    - { port: { number: 80, name: http-2, protocol: HTTP }, hosts: ["a.example"], bind: 127.0.0.2 }
    - { port: { number: 80, name: tcp, protocol: TCP }, hosts: ["*"], bind: 127.0.0.3 }
`,
    { meshPort: 0, listenAddress: "127.0.0.1" },
  );
  expect(findings).toEqual([]);
  expect(config.listeners.map(({ name, address, port }) => [name, address, port])).toEqual([
    ["gateway_80", "127.0.0.1", 80],
    ["gateway_80_127.0.0.2", "127.0.0.2", 80],
  ]);
  const everywhere = lower(
    `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec:
  servers:
    - { port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }
    - { port: { number: 80, name: http-2, protocol: HTTP }, hosts: ["a.example"], bind: 127.0.0.2 }
`,
    { meshPort: 0, listenAddress: "0.0.0.0" },
  );
  expect(everywhere.findings).toEqual(["SL0410"]);
});

const passthrough = (name: string, hosts: string) =>
  gateway(
    name,
    `    - { port: { number: 443, name: tls, protocol: TLS }, hosts: [${hosts}], tls: { mode: PASSTHROUGH } }\n`,
  );
const tlsRules = (name: string, gateways: string, hosts: string, matches: string) => `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: default }
spec:
  hosts: [${hosts}]
  gateways: [${gateways}]
  tls: [{ match: [${matches}], route: [{ destination: { host: a } }] }]
`;
const names = ({ config }: ReturnType<typeof lower>) =>
  config.tcpChains?.map(({ serverNames }) => serverNames);

test("of two servers with tls and a host in common, the younger is left out as a whole", () => {
  const all =
    SERVICES +
    tlsRules(
      "one",
      "one, two",
      "a.example, b.example, c.example",
      "{ sniHosts: [a.example] }, { sniHosts: [c.example] }",
    );
  const lowered = lower(all + passthrough("one", "a.example, b.example") + passthrough("two", "b.example"));
  expect(lowered.diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
    'SL0443 an older server with tls on port 443 already has the host "b.example"; this server is ignored',
  ]);
  expect(names(lowered)).toEqual([["a.example"], ["c.example"]]);
  // A namespace in front makes another host of it.
  expect(
    lower(all + passthrough("one", "b.example") + passthrough("two", "default/b.example")).findings,
  ).toEqual([]);
  const redirecting = (hosts: string, name: string) =>
    gateway(
      name,
      `    - { port: { number: 80, name: http, protocol: HTTP }, hosts: [${hosts}], tls: { httpsRedirect: true } }\n`,
    );
  const both = lower(redirecting("a.example", "one") + redirecting("a.example, b.example", "two"));
  expect(tableOf(both, "gateway_80").virtualHosts.map(({ domains }) => domains)).toEqual([["a.example"]]);
  expect(both.diagnostics.map(({ code }) => code)).toEqual(["SL0443"]);
});

test("a match with a name that is asked for on the port already is left out, and told of", () => {
  const lowered = lower(
    SERVICES +
      passthrough("gw", "'*.example'") +
      tlsRules("one", "gw", "a.example", "{ sniHosts: [a.example] }") +
      tlsRules(
        "two",
        "gw",
        "a.example, b.example",
        "{ sniHosts: [a.example, b.example] }, { sniHosts: [b.example] }",
      ),
  );
  expect(names(lowered)).toEqual([["a.example"], ["b.example"]]);
  expect(lowered.diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
    'SL0271 port 443 of Gateway default/gw already serves "a.example"; this match is ignored',
  ]);
});

test("the rules of one VirtualService for two servers of a port are no conflict", () => {
  const two = gateway(
    "gw",
    ["a", "b"]
      .map(
        (name) =>
          `    - { port: { number: 443, name: ${name}, protocol: TLS }, hosts: [${name}.example], tls: { mode: PASSTHROUGH } }\n`,
      )
      .join(""),
  );
  const rules = tlsRules(
    "one",
    "gw",
    "a.example, b.example",
    "{ sniHosts: [a.example] }, { sniHosts: [b.example] }",
  );
  const lowered = lower(SERVICES + two + rules);
  expect(names(lowered)).toEqual([["a.example"], ["b.example"]]);
  expect(lowered.findings).toEqual([]);
});

test("the gateway's own Service says which port is bound, unless the port map does", () => {
  const service = `
---
apiVersion: v1
kind: Service
metadata: { name: edge, namespace: default }
spec:
  selector: { istio: ingressgateway }
  ports: [{ name: http, port: 80, targetPort: 8080 }, { name: tcp, port: 5432, targetPort: 15432 }]
`;
  const tcp = "    - { port: { number: 5432, name: tcp, protocol: TCP }, hosts: ['*'] }\n";
  const rule = `
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: db, namespace: default }
spec: { hosts: ["*"], gateways: [gw], tcp: [{ route: [{ destination: { host: a } }] }] }
`;
  const yaml = service + SERVICES + gateway("gw", server('"*"') + tcp) + rules("a", "a.example", "/") + rule;
  const { config } = lower(yaml, { meshPort: 0 });
  expect(config.listeners).toMatchObject([{ name: "gateway_80", port: 8080, servicePort: 80 }]);
  expect(config.tcpChains).toMatchObject([{ port: 15432, servicePort: 5432 }]);
  const moved = lower(yaml, { meshPort: 0, portMap: new Map([["gateway:80", 9000]]) });
  expect(moved.config.listeners).toMatchObject([{ name: "gateway_80", port: 9000 }]);
  expect(moved.config.tcpChains).toMatchObject([{ port: 15432 }]);
});
