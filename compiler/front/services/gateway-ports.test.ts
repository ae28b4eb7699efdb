import { expect, test } from "vitest";
import { resources } from "../istio/testing.ts";
import { gatewayPorts } from "./gateway-ports.ts";

const PROXY = { proxyNamespace: "edge", proxyLabels: { app: "gateway", tier: "front" } };

const service = (ports: string, more = "", spec = "selector: { app: gateway }") => `
---
apiVersion: v1
kind: Service
metadata: { name: gateway, namespace: edge ${more} }
spec: { ${spec}, ports: [${ports}] }
`;
const translated = (...yaml: string[]) => Object.fromEntries(gatewayPorts(resources(yaml.join("")), PROXY));
const HTTP = "{ name: http, port: 80, targetPort: 8080 }";

test("a gateway listens where its own Service sends", () => {
  expect(translated(service(`${HTTP}, { name: https, port: 443 }`))).toEqual({ 80: 8080, 443: 443 });
});

test.each([
  ["of another namespace", service(HTTP).replace("namespace: edge", "namespace: shop")],
  ["that selects others", service(HTTP, "", "selector: { app: other }")],
  ["that selects no one", service(HTTP, "", "type: ClusterIP")],
  [
    "that says so",
    service(HTTP, ', labels: { experimental.istio.io/disable-gateway-port-translation: "true" }'),
  ],
])("not by a Service %s", (_name, yaml) => {
  expect(translated(yaml)).toEqual({});
});

test("of several Services the oldest decides; of two ports that lead to one, the first", () => {
  const older = service(
    "{ name: http, port: 80, targetPort: 8081 }",
    ', creationTimestamp: "2020-01-01T00:00:00Z"',
  );
  const younger = service(
    `${HTTP}, { name: http-2, port: 81, targetPort: 8080 }`,
    ', creationTimestamp: "2021-01-01T00:00:00Z"',
  );
  expect(translated(younger, older.replace("name: gateway,", "name: older,"))).toEqual({ 80: 8081 });
  expect(translated(younger)).toEqual({ 80: 8080 });
});

test("a named targetPort is a container's port, in a Pod or in a template", () => {
  const named = service(
    "{ name: http, port: 80, targetPort: web }, { name: other, port: 81, targetPort: nowhere }",
  );
  const containers = "containers: [{ name: envoy, image: x, ports: [{ name: web, containerPort: 8085 }] }]";
  const deployment = `
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: gateway, namespace: edge }
spec: { template: { metadata: { labels: { app: gateway } }, spec: { ${containers} } } }
`;
  const pod = `
---
apiVersion: v1
kind: Pod
metadata: { name: gateway, namespace: edge, labels: { app: gateway } }
spec: { ${containers.replace("8085", "8086")} }
`;
  expect(translated(named, deployment)).toEqual({ 80: 8085 });
  expect(translated(named, pod)).toEqual({ 80: 8086 });
  expect(translated(named)).toEqual({});
});
