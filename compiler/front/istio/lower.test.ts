import { expect, test } from "vitest";
import type { Config } from "../../ir/ir.ts";
import type { ListenerPort } from "../../options/port-map.ts";
import { lower, serviceYaml, virtualServiceYaml } from "./testing.ts";

test("equal input gives an equal result, in whatever order it comes", () => {
  const parts = [
    ...serviceYaml("a", 80, ["v1", "v2", "v3"])
      .split(/^---$/m)
      .slice(1)
      .map((document) => `---${document}`),
    serviceYaml("bb", 81),
    virtualServiceYaml("one", "a", "  - route: [{ destination: { host: a } }]"),
    virtualServiceYaml("two", "bb, x.example", "  - route: [{ destination: { host: bb } }]"),
  ];
  const print = (config: Config) =>
    JSON.stringify(config, (key, value) => (key === "span" ? undefined : value));
  const forwards = lower(parts.join(""), { meshListeners: true }).config;
  const backwards = lower([...parts].reverse().join(""), { meshListeners: true }).config;
  expect(print(backwards)).toBe(print(forwards));
});

test("two listeners on one port", () => {
  const lowered = lower(serviceYaml("a", 9901), { meshListeners: true, portMap: new Map([[9901, 15001]]) });
  expect(lowered.diagnostics).toMatchObject([{ code: "SL0410", level: "error" }]);
});

test("a port that is opened for whoever asks how Envoy is, is taken", () => {
  const findings = (more: object) => lower(serviceYaml("a", 9901), { meshListeners: true, ...more }).findings;
  expect(findings({})).toEqual([]);
  expect(findings({ adminPort: 9901 })).toEqual(["SL0410"]);
  expect(findings({ readyPort: 9901 })).toEqual(["SL0410"]);
  // The one is on 127.0.0.1, the other where the listeners are.
  expect(findings({ adminPort: 9901, listenAddress: "10.0.0.1" })).toEqual([]);
  expect(findings({ readyPort: 9901, listenAddress: "10.0.0.1" })).toEqual(["SL0410"]);
  expect(findings({ adminPort: 9902, readyPort: 9902 })).toEqual(["SL0410"]);
});

const GATEWAY = `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: edge, namespace: default }
spec: { servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }
`;

test("a Gateway and a service on one port: what is said to do ends it", () => {
  const both = GATEWAY + serviceYaml("a");
  const [conflict] = lower(both, { meshListeners: true }).diagnostics;
  expect(conflict?.code).toBe("SL0410");
  const moves = conflict?.help?.match(/(?:gateway|mesh):80(?==PORT)/g) as ListenerPort[];
  expect(moves).toHaveLength(2);
  for (const [i, move] of moves.entries()) {
    const { findings, config } = lower(both, { meshListeners: true, portMap: new Map([[move, 8080]]) });
    expect(findings).toEqual([]);
    const ports = config.listeners.map(({ name, port }) => [name, port]);
    expect(ports).toContainEqual([["gateway_80", "mesh_80"][i], 8080]);
    expect(ports).toContainEqual([["mesh_80", "gateway_80"][i], 80]);
  }
  // The number alone moves both, from where they can be told apart all the same.
  const [together] = lower(both, { meshListeners: true, portMap: new Map([[80, 8080]]) }).diagnostics;
  expect(together).toMatchObject({ code: "SL0410", help: expect.stringContaining("gateway:80=PORT") });
});

test("TLS of a Gateway and of the mesh on one port are different listeners, whatever names they are told by", () => {
  const rules = `
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: egress, namespace: default }
spec:
  servers: [{ port: { number: 443, name: tls, protocol: TLS }, hosts: [x.example], tls: { mode: PASSTHROUGH } }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: x, namespace: default }
spec:
  hosts: [x.example]
  ports: [{ number: 443, name: tls, protocol: TLS }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.1 }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: x, namespace: default }
spec:
  hosts: [x.example]
  gateways: [mesh, egress]
  tls: [{ match: [{ sniHosts: [x.example] }], route: [{ destination: { host: x.example } }] }]
`;
  const own = { meshListeners: true, meshPort: 0 };
  const [conflict] = lower(rules, own).diagnostics;
  expect(conflict).toMatchObject({
    code: "SL0410",
    help: expect.stringContaining("--port-map gateway:443=PORT"),
  });
  expect(lower(rules, { ...own, portMap: new Map([["gateway:443", 8443]]) }).findings).toEqual([]);
});
