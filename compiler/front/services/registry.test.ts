import { expect, test } from "vitest";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../options.ts";
import { resources } from "../istio/testing.ts";
import { Registry } from "./registry.ts";
import type { Scope } from "./scope.ts";
import type { Service } from "./service.ts";
import { ServiceIndex } from "./service-index.ts";
import { Workloads } from "./workloads.ts";

function registry(yaml: string, options: Partial<ProxyOptions> = {}, scope: Scope = "sidecar") {
  const set = resources(yaml);
  const { domainSuffix, proxyNamespace } = { ...DEFAULT_PROXY_OPTIONS, ...options };
  const index = new ServiceIndex(set, new Workloads(set, DEFAULT_PROXY_OPTIONS), domainSuffix);
  return new Registry(index.servicesSeenFrom(proxyNamespace, scope));
}

function endpoints(service: Service | undefined, port: number) {
  return service?.endpoints.get(port)?.map((endpoint) => `${endpoint.address}:${endpoint.port}`);
}

const WEB = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: shop }
spec:
  clusterIP: 10.96.0.1
  clusterIPs: [10.96.0.1, "fd00::1"]
  ports:
    - { name: http, port: 80, targetPort: 8080 }
    - { name: tcp-db, port: 5432 }
`;

test("a Service has its names, addresses and ports", () => {
  const web = registry(WEB).get("web.shop.svc.cluster.local");
  expect(web).toMatchObject({
    namespace: "shop",
    addresses: ["10.96.0.1", "fd00::1"],
    headless: false,
    discovery: "eds",
    ports: [
      { number: 80, name: "http", protocol: "http" },
      { number: 5432, name: "tcp-db", protocol: "tcp" },
    ],
  });
});

test("ready endpoints of its slices, by the name of the port; labels from the Pod named, or by its address", () => {
  const web = registry(`${WEB}
---
apiVersion: v1
kind: Pod
metadata: { name: web-1, namespace: shop, labels: { version: v1 } }
status: { podIP: 10.0.0.9 }
---
apiVersion: v1
kind: Pod
metadata: { name: web-2, namespace: shop, labels: { version: v2 } }
status: { podIPs: [{ ip: 10.0.0.2 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-a, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints:
  - addresses: [10.0.0.1]
    targetRef: { kind: Pod, name: web-1 }
  - addresses: [10.0.0.2]
    conditions: { ready: true }
  - addresses: [10.0.0.3]
    conditions: { ready: false }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-b, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 9090 }, { name: other, port: 1 }]
endpoints: [{ addresses: [10.0.0.4] }, { addresses: [not-an-address] }]
`).get("web.shop.svc.cluster.local");
  expect(endpoints(web, 80)).toEqual(["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.4:9090"]);
  expect(web?.endpoints.get(80)?.map(({ labels }) => labels.version)).toEqual(["v1", "v2", undefined]);
  expect(endpoints(web, 5432)).toEqual([]);
});

test("Endpoints count where there is no slice", () => {
  const endpointsYaml = `
---
apiVersion: v1
kind: Endpoints
metadata: { name: web, namespace: shop }
subsets:
  - addresses: [{ ip: 10.0.0.1 }]
    notReadyAddresses: [{ ip: 10.0.0.2 }]
    ports: [{ name: http, port: 8080 }]
`;
  expect(endpoints(registry(WEB + endpointsYaml).get("web.shop.svc.cluster.local"), 80)).toEqual([
    "10.0.0.1:8080",
  ]);
  const slice = `
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-a, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 1234 }]
endpoints: [{ addresses: [10.0.0.7] }]
`;
  expect(endpoints(registry(WEB + endpointsYaml + slice).get("web.shop.svc.cluster.local"), 80)).toEqual([
    "10.0.0.7:1234",
  ]);
});

test("an ExternalName is another name of a service we know, and a name for DNS otherwise", () => {
  const both = registry(`${WEB}
---
apiVersion: v1
kind: Service
metadata: { name: shop, namespace: shop }
spec: { type: ExternalName, externalName: web.shop.svc.cluster.local }
---
apiVersion: v1
kind: Service
metadata: { name: mail, namespace: shop }
spec: { type: ExternalName, externalName: Mail.Example.com., ports: [{ name: http, port: 80 }] }
`);
  const web = both.get("web.shop.svc.cluster.local")!;
  expect(both.aliases(web)).toEqual(["shop.shop.svc.cluster.local"]);
  expect(both.aliasTarget(both.get("shop.shop.svc.cluster.local")!)).toBe(web);
  const mail = both.get("mail.shop.svc.cluster.local")!;
  expect(both.aliasTarget(mail)).toBeUndefined();
  expect(mail.discovery).toBe("strictDns");
  expect(endpoints(mail, 80)).toEqual(["mail.example.com:80"]);
});

const entry = (name: string, spec: string, more = "") => `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop${more} }
spec:
  ports: [{ number: 80, name: http, protocol: HTTP, targetPort: 8080 }]
${spec}
`;

test("a STATIC ServiceEntry: the port of the endpoint, the target port, the number", () => {
  const found = registry(
    entry(
      "a",
      `  hosts: [a.example, b.example]
  addresses: [240.0.0.1, 240.0.0.2/32, 240.1.0.0/16]
  resolution: STATIC
  endpoints:
    - { address: 10.0.0.1, ports: { http: 9000 }, labels: { version: v1 }, weight: 3, locality: eu/eu-1/a }
    - { address: 10.0.0.2 }`,
    ),
  );
  const a = found.get("a.example")!;
  expect(endpoints(a, 80)).toEqual(["10.0.0.1:9000", "10.0.0.2:8080"]);
  expect(a.endpoints.get(80)?.[0]).toMatchObject({
    labels: { version: "v1" },
    weight: 3,
    locality: { region: "eu", zone: "eu-1", subZone: "a" },
  });
  expect(a.addresses).toEqual(["240.0.0.1", "240.0.0.2", "240.1.0.0/16"]);
  expect(endpoints(found.get("b.example"), 80)).toHaveLength(2);
});

test("resolved by DNS: the endpoints, or the host itself", () => {
  const found = registry(
    entry("a", "  hosts: [a.example]\n  resolution: DNS") +
      entry(
        "b",
        "  hosts: [b.example]\n  resolution: DNS_ROUND_ROBIN\n  endpoints: [{ address: c.example }]",
      ),
  );
  expect(found.get("a.example")).toMatchObject({ discovery: "strictDns" });
  expect(endpoints(found.get("a.example"), 80)).toEqual(["a.example:8080"]);
  expect(found.get("b.example")).toMatchObject({ discovery: "logicalDns" });
  expect(endpoints(found.get("b.example"), 80)).toEqual(["c.example:8080"]);
});

test("a workloadSelector picks WorkloadEntries and Pods of its namespace", () => {
  const found = registry(
    `${entry("a", "  hosts: [a.example]\n  resolution: STATIC\n  workloadSelector: { labels: { app: a } }")}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: vm, namespace: shop }
spec: { address: 10.0.0.1, labels: { app: a, version: v1 }, ports: { http: 1234 } }
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: vm, namespace: elsewhere }
spec: { address: 10.0.0.2, labels: { app: a } }
---
apiVersion: v1
kind: Pod
metadata: { name: a-1, namespace: shop, labels: { app: a } }
status: { podIP: 10.0.0.3 }
`,
  );
  expect(endpoints(found.get("a.example"), 80)?.sort()).toEqual(["10.0.0.1:1234", "10.0.0.3:8080"]);
});

test("one host twice: Kubernetes wins; else the oldest, whose namespace may add ports", () => {
  const found = registry(
    `${entry("fake", "  hosts: [web.shop.svc.cluster.local]\n  resolution: DNS")}
---
${WEB}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: first, namespace: shop }
spec: { hosts: [a.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: DNS }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: second, namespace: shop }
spec: { hosts: [a.example], ports: [{ number: 443, name: tls, protocol: TLS }], resolution: DNS }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: third, namespace: elsewhere }
spec: { hosts: [a.example], ports: [{ number: 81, name: http, protocol: HTTP }], resolution: DNS }
`,
  );
  expect(found.get("web.shop.svc.cluster.local")?.source).toBe("kubernetes");
  expect(found.get("a.example")?.ports.map(({ number }) => number)).toEqual([80, 443]);
});

test("entries of a namespace for one host share their endpoints, and only like ones their ports", () => {
  const of = (name: string, ports: string, address: string, { labels = "", more = "" } = {}) => `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: ${name}, namespace: shop, labels: { ${labels} } }
spec:
  hosts: [a.example]
  resolution: STATIC
  ports: [${ports}]
  endpoints: [{ address: ${address} }]
  ${more}
`;
  const http = "{ number: 80, name: http, protocol: HTTP }";
  const admin = "{ number: 81, name: admin, protocol: HTTP }";
  const portsAnd80 = (...entries: string[]) => {
    const found = registry(entries.join(""), { proxyNamespace: "shop" }).get("a.example");
    return [found?.ports.map(({ number }) => number), endpoints(found, 80)];
  };
  const first = of("a", http, "10.0.0.1");
  const both = ["10.0.0.1:80", "10.0.0.2:80"];
  expect(portsAnd80(first, of("b", `${http}, ${admin}`, "10.0.0.2"))).toEqual([[80, 81], both]);
  const labelled = of("b", `${http}, ${admin}`, "10.0.0.2", { labels: "team: x" });
  expect(portsAnd80(first, labelled)).toEqual([[80], both]);
  const hidden = of("b", `${http}, ${admin}`, "10.0.0.2", { more: 'exportTo: ["shop"]' });
  // What is exported by name comes first.
  expect(portsAnd80(first, hidden)).toEqual([[80, 81], [...both].reverse()]);
  const renamed = of("b", http.replace("name: http", "name: web"), "10.0.0.2");
  expect(portsAnd80(first, renamed)).toEqual([[80], ["10.0.0.1:80"]]);
});

test("where one address is asked at a time, the first name of a port is the only one", () => {
  const found = registry(
    `${entry("a", "  hosts: [a.example]\n  resolution: DNS_ROUND_ROBIN\n  endpoints: [{ address: one.example }]")}
${entry("b", "  hosts: [a.example]\n  resolution: DNS_ROUND_ROBIN\n  endpoints: [{ address: two.example }]")}
${entry("c", "  hosts: [c.example]\n  resolution: DNS_ROUND_ROBIN\n  workloadSelector: { labels: { app: c } }")}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: one, namespace: shop }
spec: { address: one.example, labels: { app: c } }
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: two, namespace: shop }
spec: { address: two.example, labels: { app: c } }
`,
  );
  expect(endpoints(found.get("a.example"), 80)).toEqual(["one.example:8080"]);
  expect(endpoints(found.get("c.example"), 80)).toEqual(["one.example:8080"]);
});

test("a workloadSelector that selects nobody leaves nobody, whatever the resolution", () => {
  for (const resolution of ["STATIC", "DNS"]) {
    const spec = `  hosts: [a.example]\n  resolution: ${resolution}\n  workloadSelector: { labels: { app: a } }`;
    expect(endpoints(registry(entry("a", spec)).get("a.example"), 80)).toEqual([]);
  }
});

test("a workloadSelector picks no Pod that is not ready, or over", () => {
  const pod = (last: number, status: string) => `
---
apiVersion: v1
kind: Pod
metadata: { name: a-${last}, namespace: shop, labels: { app: a } }
status: { podIP: 10.0.0.${last}, ${status} }`;
  const condition = (type: string, status: string) => `conditions: [{ type: ${type}, status: "${status}" }]`;
  const found = registry(
    entry("a", "  hosts: [a.example]\n  resolution: STATIC\n  workloadSelector: { labels: { app: a } }") +
      pod(1, condition("Ready", "True")) +
      pod(2, condition("Ready", "False")) +
      pod(3, "phase: Failed") +
      pod(4, `phase: Running, ${condition("ContainersReady", "False")}`),
  );
  expect(endpoints(found.get("a.example"), 80)).toEqual(["10.0.0.1:8080", "10.0.0.4:8080"]);
});

test("an empty workloadSelector selects every workload of the namespace", () => {
  const found = registry(`${entry("a", "  hosts: [a.example]\n  resolution: STATIC\n  workloadSelector: {}")}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: vm, namespace: shop }
spec: { address: 10.0.0.1, labels: { app: a } }
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: vm, namespace: elsewhere }
spec: { address: 10.0.0.2, labels: { app: a } }
`);
  expect(endpoints(found.get("a.example"), 80)).toEqual(["10.0.0.1:8080"]);
});

test("labels of a WorkloadEntry's metadata go before those of its spec", () => {
  const found =
    registry(`${entry("a", "  hosts: [a.example]\n  resolution: STATIC\n  workloadSelector: { labels: { app: a } }")}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: vm, namespace: shop, labels: { version: v1 } }
spec: { address: 10.0.0.1, labels: { app: a, version: v2 } }
`);
  expect(found.get("a.example")?.endpoints.get(80)?.[0]?.labels).toMatchObject({ app: "a", version: "v1" });
});

test("what is not exported to the proxy's namespace is not there", () => {
  const yaml = entry("a", '  hosts: [a.example]\n  resolution: DNS\n  exportTo: ["."]');
  expect(registry(yaml).get("a.example")).toBeUndefined();
  expect(registry(yaml, { proxyNamespace: "shop" }).get("a.example")).toBeDefined();
  const annotated = WEB.replace(
    "namespace: shop",
    'namespace: shop, annotations: { networking.istio.io/exportTo: "." }',
  );
  expect(registry(annotated).services).toEqual([]);
  expect(registry(annotated, { proxyNamespace: "shop" }).services).toHaveLength(1);
});

test("who is not ready and not ending is known, and not to be asked", () => {
  const found = registry(`${WEB}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-a, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints:
  - { addresses: [10.0.0.1], conditions: { ready: true } }
  - { addresses: [10.0.0.2], conditions: { ready: false, terminating: false } }
  - { addresses: [10.0.0.3], conditions: { ready: false, terminating: true } }
`).get("web.shop.svc.cluster.local");
  expect(found?.endpoints.get(80)?.map(({ address, unready }) => [address, unready ?? false])).toEqual([
    ["10.0.0.1", false],
    ["10.0.0.2", true],
  ]);
});

test("a Pod is where its label says, or else where its machine is", () => {
  const pod = (name: string, address: string, labels: string) => `
---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, namespace: shop, labels: { ${labels} } }
spec: { nodeName: machine }
status: { podIP: ${address} }`;
  const found = registry(`${WEB}
---
apiVersion: v1
kind: Node
metadata:
  name: machine
  labels: { topology.kubernetes.io/region: eu, topology.kubernetes.io/zone: eu-1 }
${pod("a", "10.0.0.1", "")}
${pod("b", "10.0.0.2", "istio-locality: us.us-1.rack")}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: web-a, namespace: shop, labels: { kubernetes.io/service-name: web } }
addressType: IPv4
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.0.0.1] }, { addresses: [10.0.0.2] }]
`).get("web.shop.svc.cluster.local");
  expect(found?.endpoints.get(80)?.map(({ locality }) => locality)).toEqual([
    { region: "eu", zone: "eu-1", subZone: "" },
    { region: "us", zone: "us-1", subZone: "rack" },
  ]);
  // Subsets may ask for it.
  expect(found?.endpoints.get(80)?.[0]?.labels).toEqual({
    "kubernetes.io/hostname": "machine",
    "topology.istio.io/cluster": "Kubernetes",
    "topology.kubernetes.io/region": "eu",
    "topology.kubernetes.io/zone": "eu-1",
  });
});

test("an endpoint's ports are only those that it names", () => {
  const service = registry(`
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: a }
spec:
  hosts: [a.example]
  ports: [{ number: 80, name: constructor, protocol: HTTP }, { number: 81, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: 192.0.2.1, ports: { http: 8081 } }]
`).get("a.example");
  expect(endpoints(service, 80)).toEqual(["192.0.2.1:80"]);
  expect(endpoints(service, 81)).toEqual(["192.0.2.1:8081"]);
});

test("a Service beside an entry of its own name and namespace has its endpoints, by the name of the port", () => {
  const slice = `
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
addressType: IPv4
metadata: { name: web-1, namespace: shop, labels: { kubernetes.io/service-name: web } }
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [10.0.0.1] }]
`;
  const beside = (namespace: string) => `
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: beside, namespace: ${namespace} }
spec:
  hosts: [web.shop.svc.cluster.local]
  resolution: STATIC
  ports: [{ number: 8000, name: http, protocol: HTTP }, { number: 81, name: admin, protocol: HTTP }]
  endpoints: [{ address: 10.0.0.9 }]
`;
  const host = "web.shop.svc.cluster.local";
  const shared = registry(WEB + slice + beside("shop")).get(host);
  expect(shared?.source).toBe("kubernetes");
  expect(endpoints(shared, 80)).toEqual(["10.0.0.1:8080", "10.0.0.9:8000"]);
  expect(shared?.ports.map(({ number }) => number)).toEqual([80, 5432]);
  expect(shared?.unservedPorts?.map(({ number }) => number)).toEqual([8000, 81]);
  const apart = registry(WEB + slice + beside("elsewhere")).get(host);
  expect(endpoints(apart, 80)).toEqual(["10.0.0.1:8080"]);
  expect(apart?.unservedPorts).toBeUndefined();
});

test("a Service selects WorkloadEntries: their own ports by name, else the targetPort", () => {
  const service = (more: string) => `
---
apiVersion: v1
kind: Service
metadata: { name: vm, namespace: shop }
spec: { ${more} }
`;
  const workload = (name: string, spec: string, namespace = "shop") => `
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: { name: ${name}, namespace: ${namespace} }
spec: { ${spec} }
`;
  const workloads = [
    workload(
      "a",
      "address: 10.0.0.1, labels: { app: vm }, ports: { http: 9090, web: 9091 }, weight: 7, network: far",
    ),
    workload("b", "address: 10.0.0.2, labels: { app: vm, version: v2 }, locality: r/z"),
    workload("c", "address: 10.0.0.3, labels: { app: other }"),
    workload("d", "address: 10.0.0.4, labels: { app: vm }", "elsewhere"),
    workload("e", "address: vm.example, labels: { app: vm }"),
    workload("f", "address: unix:///var/run/vm.sock, labels: { app: vm }"),
  ].join("");
  const found = (more: string) => {
    const vm = registry(service(more) + workloads).get("vm.shop.svc.cluster.local");
    return [...(vm?.endpoints.values() ?? [])].flat();
  };
  const addresses = (more: string) => found(more).map(({ address, port }) => `${address}:${port}`);
  const selector = "selector: { app: vm }";
  expect(addresses(`${selector}, ports: [{ name: http, port: 80, targetPort: 8080 }]`)).toEqual([
    "10.0.0.1:9090",
    "10.0.0.2:8080",
  ]);
  expect(addresses(`${selector}, ports: [{ name: grpc, port: 80 }]`)).toEqual(["10.0.0.1:80", "10.0.0.2:80"]);
  expect(addresses(`${selector}, ports: [{ name: http, port: 80, targetPort: web }]`)).toEqual([
    "10.0.0.1:9091",
  ]);
  expect(addresses(`${selector}, clusterIP: None, ports: [{ name: http, port: 80 }]`)).toEqual([]);
  expect(addresses("ports: [{ name: http, port: 80 }]")).toEqual([]);
  expect(addresses("selector: {}, ports: [{ name: http, port: 80 }]")).toEqual([]);
  expect(found(`${selector}, ports: [{ name: x, port: 80 }]`)).toMatchObject([
    { weight: 7, labels: { app: "vm", "topology.istio.io/network": "far" } },
    { weight: 1, labels: { version: "v2" }, locality: { region: "r", zone: "z" } },
  ]);
});

test("a router does not look at its own namespace first", () => {
  const twice = `
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: a, namespace: team, creationTimestamp: "2026-01-01T00:00:00Z" }
spec: { hosts: [a.example], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: DNS }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: b, namespace: shop, creationTimestamp: "2026-02-01T00:00:00Z" }
spec: { hosts: [a.example], ports: [{ number: 81, name: http, protocol: HTTP }], resolution: DNS }
`;
  const own = { proxyNamespace: "shop" };
  expect(registry(twice, own).get("a.example")?.namespace).toBe("shop");
  expect(registry(twice, own, "router").get("a.example")?.namespace).toBe("team");
});
