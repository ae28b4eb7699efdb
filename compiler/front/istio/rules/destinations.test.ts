import { expect, test } from "vitest";
import { hostOf, lower, serviceYaml, targets, virtualServiceYaml } from "../testing.ts";

const route = (destination: string, gateways = "") =>
  virtualServiceYaml("vs", "a", `  - route: [{ destination: { ${destination} } }]`, gateways);

test("an unknown host: its cluster is absent, and a warning names the nearest", () => {
  const lowered = lower(serviceYaml("a") + serviceYaml("reviews") + route("host: reveiws"));
  expect(targets(hostOf(lowered, "mesh", "a")?.routes)).toEqual([
    "outbound|80||reveiws.default.svc.cluster.local",
  ]);
  expect(lowered.config.clusters.map(({ name }) => name)).not.toContain(
    "outbound|80||reveiws.default.svc.cluster.local",
  );
  expect(lowered.diagnostics).toMatchObject([{ code: "SL0401", level: "warning" }]);
  expect(lowered.diagnostics[0]?.help).toContain("reviews.default.svc.cluster.local");
});

test("a finding is said once, however many ports and listeners a rule serves", () => {
  const lowered = lower(
    serviceYaml("a") +
      serviceYaml("other", 81) +
      virtualServiceYaml("vs", "a, other", "  - route: [{ destination: { host: nowhere } }]"),
    { meshListeners: true },
  );
  expect(lowered.findings).toHaveLength(1);
});

test("a port that the service does not have, a subset that nobody defines", () => {
  expect(lower(serviceYaml("a") + route("host: a, port: { number: 81 }")).diagnostics).toMatchObject([
    { code: "SL0402" },
  ]);
  const rule = `
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a, namespace: default }
spec: { host: a, subsets: [{ name: stable, labels: { version: v1 } }] }
`;
  expect(lower(serviceYaml("a") + rule + route("host: a, subset: stable")).findings).toEqual([]);
  const wrong = lower(serviceYaml("a") + rule + route("host: a, subset: stabel"));
  expect(wrong.diagnostics).toMatchObject([{ code: "SL0403" }]);
  expect(wrong.diagnostics[0]?.help).toContain('"stable"');
  expect(wrong.config.clusters.map(({ name }) => name)).toEqual(["outbound|80||a.default.svc.cluster.local"]);
});

test("no port: in the mesh that of the request, at a gateway the only one of the service", () => {
  const gateway = `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: gw, namespace: default }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 8000, name: http, protocol: HTTP }, hosts: ["*"] }]
`;
  const lowered = lower(
    serviceYaml("a") +
      serviceYaml("other", 81) +
      gateway +
      virtualServiceYaml("vs", "a", "  - route: [{ destination: { host: other } }]", "gateways: [mesh, gw]"),
  );
  const host = "a.default.svc.cluster.local";
  expect(targets(hostOf(lowered, "mesh", "a")?.routes)).toEqual([
    "outbound|80||other.default.svc.cluster.local",
  ]);
  expect(targets(hostOf(lowered, "gateway_8000", host)?.routes)).toEqual([
    "outbound|81||other.default.svc.cluster.local",
  ]);
  expect(lowered.diagnostics).toMatchObject([{ code: "SL0402" }]);
});

test("an ExternalName leads to the service it stands for", () => {
  const alias = `
---
apiVersion: v1
kind: Service
metadata: { name: alias, namespace: default }
spec: { type: ExternalName, externalName: bb.default.svc.cluster.local }
`;
  const lowered = lower(serviceYaml("a") + serviceYaml("bb") + alias + route("host: alias"));
  expect(targets(hostOf(lowered, "mesh", "a")?.routes)).toEqual([
    "outbound|80||bb.default.svc.cluster.local",
  ]);
  expect(lowered.findings).toEqual([]);
});

test("PASSTHROUGH is for the mesh: at a gateway a request names the gateway itself", () => {
  const yaml = `${serviceYaml("a")}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: a, namespace: default }
spec: { host: a, trafficPolicy: { loadBalancer: { simple: PASSTHROUGH } } }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: gw, namespace: default }
spec:
  selector: { istio: ingressgateway }
  servers: [{ port: { number: 8000, name: http, protocol: HTTP }, hosts: ["*"] }]
`;
  const passed = lower(yaml + route("host: a"));
  expect(passed.findings).toEqual([]);
  expect(passed.config.clusters[0]?.discovery).toEqual({ kind: "originalDestination", endpoints: [] });
  expect(lower(yaml + route("host: a", "gateways: [gw, mesh]")).diagnostics).toMatchObject([
    { code: "SL0301" },
  ]);
});
