import { describe, expect, test } from "vitest";
import { DEFAULT_PROXY_OPTIONS } from "../../options.ts";
import { resources } from "../istio/testing.ts";
import { Registry } from "./registry.ts";
import { ServiceIndex } from "./service-index.ts";
import { Workloads } from "./workloads.ts";

const entry = (name: string, namespace: string, hosts: string, port: number, exportTo = "*") => `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  hosts: [${hosts}]
  exportTo: ["${exportTo}"]
  resolution: DNS
  ports: [{ number: ${port}, name: p${port}, protocol: HTTP }]`;

const SERVICES =
  entry("open", "one", "a.example, b.example", 80) +
  entry("own", "two", "a.example", 81, ".") +
  entry("named", "two", "c.example", 82, "one") +
  entry("wide", "one", '"*.example"', 83) +
  entry("wide-own", "two", '"*.sub.example"', 84, ".");

function indexOf(yaml: string): ServiceIndex {
  const set = resources(yaml);
  return new ServiceIndex(set, new Workloads(set, DEFAULT_PROXY_OPTIONS), "cluster.local");
}

describe("a host that is looked for", () => {
  test.each(["one", "two", "three"])("from %s is what a registry for that namespace has", (namespace) => {
    const index = indexOf(SERVICES);
    const registry = new Registry(index.servicesSeenFrom(namespace, "sidecar"));
    for (const host of [...index.hosts, "d.example"]) {
      expect(index.find(host, namespace)).toEqual(registry.get(host));
    }
  });

  test("is found by a wildcard only where nobody has it exactly", () => {
    const index = indexOf(SERVICES);
    const hosts = (host: string, from: string) => index.findCovering(host, from).map((one) => one.host);
    expect(hosts("b.example", "one")).toEqual(["b.example"]);
    expect(hosts("c.example", "one")).toEqual(["c.example"]);
    expect(hosts("c.example", "three")).toEqual(["*.example"]);
    expect(hosts("x.sub.example", "one")).toEqual(["*.example"]);
    expect(hosts("x.sub.example", "two")).toEqual(["*.example", "*.sub.example"]);
    expect(hosts("b.test", "one")).toEqual([]);
  });

  test("is there, whoever may see it", () => {
    const index = indexOf(SERVICES);
    expect([index.has("c.example"), index.has("d.example")]).toEqual([true, false]);
  });
});
