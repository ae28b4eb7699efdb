import { expect, test } from "vitest";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { loadResources } from "../resources/model.ts";
import { KubernetesEndpoints } from "./kubernetes.ts";
import { Workloads } from "./workloads.ts";

test("a service of many endpoints is read in the time that so many take, each once", () => {
  const text = `apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}]
endpoints: []
`;
  const resources = loadResources([{ path: "web.yaml", text }], { report() {} });
  const [slice] = resources.endpointSlices;
  const addresses = Array.from({ length: 200_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  const endpoints = [...addresses, ...addresses].map((address) => ({ addresses: [address] }));
  const many = { ...resources, endpointSlices: [{ ...slice!, spec: { ...slice!.spec, endpoints } }] };
  // To compare each with each other takes minutes.
  const found = new KubernetesEndpoints(many, new Workloads(many, DEFAULT_PROXY_OPTIONS)).of(
    resources.services[0]!,
  );
  expect(found.get("http")!.size).toBe(addresses.length);
});
