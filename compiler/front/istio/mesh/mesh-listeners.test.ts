import { expect, test } from "vitest";
import type { OutboundPolicy } from "../../../options.ts";
import { hostOf, lower, serviceYaml, tableOf, targets, virtualServiceYaml } from "../testing.ts";

const to = (host: string) => `  - route: [{ destination: { host: ${host} } }]`;
const A = "outbound|80||a.default.svc.cluster.local";
const B = "outbound|80||bb.default.svc.cluster.local";

test("a service has all its names, with its port and, when it is clear, without", () => {
  const lowered = lower(serviceYaml("a", 9080));
  expect(tableOf(lowered, "mesh").ignorePortInHost).toBe(false);
  const names = [
    "a.default.svc.cluster.local",
    "a.default.svc.cluster.local.",
    "a",
    "a.default.svc",
    "a.default",
    "10.96.0.1",
  ];
  expect(new Set(hostOf(lowered, "mesh", "a")?.domains)).toEqual(
    new Set(names.flatMap((name) => [name, `${name}:9080`])),
  );
  expect(hostOf(lower(serviceYaml("a"), { proxyNamespace: "other" }), "mesh", "a")).toBeUndefined();
});

test("of several ports, 80 is the one without; without 80 none is", () => {
  const two = (first: number, second: number) =>
    lower(
      serviceYaml("a").replace(
        "ports: [{ name: http, port: 80 }]",
        `ports: [{ name: http-1, port: ${first} }, { name: http-2, port: ${second} }, { name: tcp, port: 1 }]`,
      ),
    );
  expect(hostOf(two(81, 80), "mesh", "a")?.name).toBe("a.default.svc.cluster.local:80");
  expect(hostOf(two(81, 82), "mesh", "a")).toBeUndefined();
  expect(hostOf(two(81, 82), "mesh", "a:82")?.name).toBe("a.default.svc.cluster.local:82");
  expect(hostOf(two(81, 82), "mesh", "a:1")).toBeUndefined();
});

test("a host that nobody knows is answered 502, or asked itself", () => {
  const of = (outboundPolicy: OutboundPolicy, more = {}) => lower("", { outboundPolicy, ...more });
  expect(targets(hostOf(of("REGISTRY_ONLY"), "mesh", "*")?.routes)).toEqual(["502"]);
  expect(of("REGISTRY_ONLY").config.clusters).toEqual([]);
  // Not the proxy itself, though.
  expect(targets(hostOf(of("ALLOW_ANY"), "mesh", "*")?.routes)).toEqual(["502", "PassthroughCluster"]);
  expect(of("ALLOW_ANY").config.clusters.map(({ name }) => name)).toEqual(["PassthroughCluster"]);
  // Nobody could ask for it.
  expect(of("ALLOW_ANY", { meshPort: 0 }).config.clusters).toEqual([]);
});

test("a sidecar's listeners: one for each HTTP port, where the port asked for is ignored", () => {
  const lowered = lower(serviceYaml("a") + serviceYaml("other", 81), {
    meshPort: 0,
    meshListeners: true,
    portMap: new Map([[80, 10080]]),
  });
  expect(lowered.config.listeners.map(({ name, port }) => [name, port])).toEqual([
    ["mesh_80", 10080],
    ["mesh_81", 81],
  ]);
  expect(tableOf(lowered, "mesh_80").ignorePortInHost).toBe(true);
  expect(hostOf(lowered, "mesh_80", "a")?.domains).toHaveLength(6);
  expect(hostOf(lowered, "mesh_80", "other")).toBeUndefined();
});

test("neither kind is written when neither is wanted", () => {
  expect(lower(serviceYaml("a"), { meshPort: 0 }).config).toEqual({ listeners: [], clusters: [] });
});

test("the oldest VirtualService for a host wins, and the younger is warned about", () => {
  const lowered = lower(
    serviceYaml("a") +
      serviceYaml("bb") +
      virtualServiceYaml("first", "a", to("bb")) +
      virtualServiceYaml("second", "a", to("a")),
  );
  expect(targets(hostOf(lowered, "mesh", "a")?.routes)).toEqual([B]);
  expect(lowered.diagnostics).toMatchObject([{ code: "SL0407", level: "warning" }]);
  expect(lowered.diagnostics[0]?.related).toHaveLength(1);
});

test("a wildcard rules every service it covers that has nothing more specific", () => {
  const lowered = lower(
    serviceYaml("a") +
      serviceYaml("bb") +
      virtualServiceYaml("all", "'*.default.svc.cluster.local'", to("bb")) +
      virtualServiceYaml("one", "bb", to("a")),
  );
  expect(targets(hostOf(lowered, "mesh", "a")?.routes)).toEqual([B]);
  expect(targets(hostOf(lowered, "mesh", "bb")?.routes)).toEqual([A]);
  expect(lowered.findings).toEqual([]);
});

test("a host that is no service is served on port 80, and beside a service on its port", () => {
  const alone = lower(serviceYaml("a") + virtualServiceYaml("vs", "x.example", to("a")));
  expect(hostOf(alone, "mesh", "x.example")?.domains).toEqual(["x.example:80", "x.example"]);
  const beside = lower(serviceYaml("other", 81) + virtualServiceYaml("vs", "x.example, other", to("other")), {
    meshListeners: true,
  });
  expect(hostOf(beside, "mesh", "x.example:81")?.domains).toEqual(["x.example:81"]);
  expect(hostOf(beside, "mesh_81", "x.example")?.domains).toEqual(["x.example"]);
});

test("a service without port 80 is not served there by the explicit listener", () => {
  const lowered = lower(serviceYaml("other", 81) + virtualServiceYaml("vs", "other", to("other")));
  expect(hostOf(lowered, "mesh", "other.default.svc.cluster.local:80")).toBeUndefined();
  expect(hostOf(lowered, "mesh", "other.default.svc.cluster.local")?.name).toBe(
    "other.default.svc.cluster.local:81",
  );
  expect(lowered.findings).toEqual([]);
});

test("a headless service serves the names of its endpoints, an alias lends its names", () => {
  const headless = lower(serviceYaml("a").replace("clusterIP: 10.96.0.1", "clusterIP: None"));
  expect(hostOf(headless, "mesh", "*.a.default.svc.cluster.local:80")?.name).toBe(
    "a.default.svc.cluster.local:80",
  );
  const alias = `
---
apiVersion: v1
kind: Service
metadata: { name: alias, namespace: default }
spec: { type: ExternalName, externalName: a.default.svc.cluster.local }
`;
  expect(hostOf(lower(serviceYaml("a") + alias), "mesh", "alias.default")?.name).toBe(
    "a.default.svc.cluster.local:80",
  );
});

test("a ServiceEntry is asked by its addresses; a range is none", () => {
  const lowered = lower(`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: a, namespace: default }
spec:
  hosts: [a.example]
  addresses: [10.1.1.1, 10.1.1.2/32, "fd00::1/128", 10.2.0.0/16]
  ports: [{ number: 80, name: http, protocol: HTTP }]
  resolution: STATIC
`);
  expect(hostOf(lowered, "mesh", "a.example")?.domains.filter((name) => !name.endsWith(":80"))).toEqual([
    "a.example",
    "a.example.",
    "10.1.1.1",
    "10.1.1.2",
    "[fd00::1]",
  ]);
});

test("a short name does not take the name of a service that is called so", () => {
  const entry = `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: short, namespace: default }
spec: { hosts: [a.default], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: DNS }
`;
  const lowered = lower(serviceYaml("a") + entry);
  expect(hostOf(lowered, "mesh", "a.default")?.name).toBe("a.default:80");
  expect(hostOf(lowered, "mesh", "a")?.name).toBe("a.default.svc.cluster.local:80");
});

test("exportTo hides rules, and private ones come first", () => {
  const rules = (name: string, host: string, exportTo: string) =>
    virtualServiceYaml(name, "a", to(host), `exportTo: [${exportTo}]`);
  const services = serviceYaml("a") + serviceYaml("bb");
  expect(targets(hostOf(lower(services + rules("p", "bb", "other")), "mesh", "a")?.routes)).toEqual([A]);
  const both = lower(services + rules("p", "a", '"*"') + rules("q", "bb", '"."'));
  expect(targets(hostOf(both, "mesh", "a")?.routes)).toEqual([B]);
});
