/**
 * A change of endpoints that is not compiled gives what compiling it gives, over random meshes and changes; and where it
 * cannot, it says so.
 */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ResourceSet } from "../../back/xds/resource-set.ts";
import { emitResources } from "../../back/xds/resources.ts";
import { CompilerCache, encode, understand } from "../../compile.ts";
import type { Diagnostic } from "../../diagnostics/diagnostic.ts";
import { endpointChange } from "../../front/istio/endpoints/endpoint-change.ts";
import { loadResources } from "../../front/resources/model.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../options.ts";
import { adsPlaces } from "../../run/delivery/ads/places.ts";
import { ScopeEndpoints } from "./scope-endpoints.ts";

const PLACES = adsPlaces(Uint8Array.of(0));

/** Compiles texts for one proxy, again and again. */
class Compiler {
  readonly options: ProxyOptions;
  readonly #cache = new CompilerCache();

  constructor(options: Partial<ProxyOptions> = {}) {
    this.options = { ...DEFAULT_PROXY_OPTIONS, ...options };
  }

  compile(texts: Readonly<Record<string, string>>) {
    const sources = Object.entries(texts).map(([path, text]) => ({ path, text }));
    const findings: Diagnostic[] = [];
    const sink = { report: (finding: Diagnostic) => void findings.push(finding) };
    const reading = understand(sources, this.options, "build", sink, undefined, this.#cache);
    if (reading.errors > 0) {
      const words = findings.filter(({ level }) => level === "error").map(({ message }) => message);
      throw new Error(`the test's own input is wrong: ${words.join("; ")}`);
    }
    const compilation = encode(reading, this.options);
    const resources = emitResources(compilation.config, {
      ...this.options,
      blobs: compilation.blobs,
      places: PLACES,
    });
    return { compilation, input: reading.resources, resources };
  }

  /** What the change comes to without compiling it, and by compiling it. */
  both(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>) {
    const old = this.compile(before);
    const scope = ScopeEndpoints.of(old.compilation, old.input, this.options);
    const now = this.compile(after);
    const change = endpointChange(old.input, now.input, this.options);
    return { old, now, change, fast: change && scope.after(change, old.resources) };
  }
}

function messagesOf(set: ResourceSet): Record<string, [string, unknown][]> {
  return Object.fromEntries(
    Object.entries(set).map(([type, all]) => [
      type,
      [...all].map(([name, { message }]): [string, unknown] => [name, message]),
    ]),
  );
}

const at = (ip: number) => `10.0.${ip >> 8}.${ip & 255}`;

interface Backend {
  readonly ip: number;
  readonly version: string;
  readonly zone: string;
  readonly weight: number;
}

/** What is true of the mesh at a moment, as far as endpoints go; `rules` are the same before and after. */
interface Moment {
  readonly slices: readonly (readonly Backend[])[];
  readonly legacy: readonly Backend[];
  readonly pods: readonly Backend[];
  readonly workloads: readonly Backend[];
  readonly entry: readonly Backend[];
  readonly unready: boolean;
}

interface Rules {
  readonly outlier: boolean;
  readonly minHealth: boolean;
  readonly distribute: boolean;
  readonly failover: boolean;
  readonly passthrough: boolean;
  readonly nearby: boolean;
  readonly rival: boolean;
}

const locality = (zone: string) => `region/${zone}`;

function textsOf(rules: Rules, moment: Moment): Record<string, string> {
  const { slices, legacy, pods, workloads, entry, unready } = moment;
  const settings = [
    ...(rules.distribute
      ? ["localityLbSetting: {distribute: [{from: region/a, to: {region/a: 80, region/b: 20}}]}"]
      : rules.failover
        ? ["localityLbSetting: {failover: [{from: region, to: elsewhere}]}"]
        : []),
    ...(rules.passthrough ? ["simple: PASSTHROUGH"] : []),
  ];
  const outlier = rules.outlier
    ? `\n    outlierDetection: {consecutive5xxErrors: 3${rules.minHealth ? ", minHealthPercent: 50" : ""}}`
    : "";
  return {
    "services.yaml": `apiVersion: v1
kind: Service
metadata: {name: web${rules.nearby ? ", annotations: {networking.istio.io/traffic-distribution: PreferClose}" : ""}}
spec: {clusterIP: 10.96.0.1, selector: {app: web}, ports: [{name: http, port: 80}, {name: tcp, port: 90, protocol: TCP}]}
---
apiVersion: v1
kind: Service
metadata: {name: old, namespace: shop}
spec: {clusterIP: None, selector: {app: old}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Node
metadata: {name: node-a, labels: {topology.kubernetes.io/region: region, topology.kubernetes.io/zone: a}}
---
apiVersion: v1
kind: Node
metadata: {name: node-b, labels: {topology.kubernetes.io/region: region, topology.kubernetes.io/zone: b}}
${
  rules.rival
    ? `---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: rival}
spec: {hosts: [web.default.svc.cluster.local, other.example], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], workloadSelector: {labels: {app: web}}}
`
    : ""
}---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web}
spec:
  host: "*.cluster.local"
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
  trafficPolicy:
    loadBalancer: {${settings.join(", ")}}${outlier}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web}
spec:
  hosts: [web, www.example]
  http:
    - match: [{uri: {prefix: /v1}}]
      route: [{destination: {host: web, subset: v1, port: {number: 80}}, weight: 50}, {destination: {host: web, subset: v2, port: {number: 80}}, weight: 50}]
    - route: [{destination: {host: listed.example, port: {number: 80}}, weight: 1}, {destination: {host: old.shop.svc.cluster.local, subset: v1, port: {number: 80}}, weight: 1}]
`,
    "entry.yaml": `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: listed}
spec:
  hosts: [listed.example, Also.Listed.Example]
  location: MESH_INTERNAL
  resolution: STATIC
  ports: [{number: 80, name: http, protocol: HTTP}]
  endpoints: [${entry.map(({ ip, version, zone, weight }) => `{address: ${at(ip)}, weight: ${weight}, locality: ${locality(zone)}, labels: {version: ${version}}}`).join(", ")}]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: chosen}
spec: {hosts: [chosen.example], location: MESH_INTERNAL, resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], workloadSelector: {labels: {app: web}}}
`,
    "kubernetes.yaml": [
      ...slices.map(
        (backends, i) => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-${i}, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}, {name: tcp, port: 9090}]
endpoints: [${backends.map(({ ip, version }) => `{addresses: [${at(ip)}], conditions: {ready: ${!unready || ip % 2 === 0}, terminating: false}, targetRef: {kind: Pod, name: ${version}-${ip}}}`).join(", ")}]
`,
      ),
      ...(legacy.length > 0
        ? [
            `apiVersion: v1
kind: Endpoints
metadata: {name: old, namespace: shop}
subsets: [{addresses: [${legacy.map(({ ip, version }) => `{ip: ${at(ip)}, targetRef: {kind: Pod, namespace: default, name: ${version}-${ip}}}`).join(", ")}], ports: [{name: http, port: 8080}]}]
`,
          ]
        : []),
      ...unique(pods).map(
        ({ ip, version, zone }) => `apiVersion: v1
kind: Pod
metadata: {name: ${version}-${ip}, labels: {app: web, version: ${version}}}
spec: {nodeName: node-${zone}, containers: [{name: main}]}
status: {phase: Running, podIP: ${at(ip)}}
`,
      ),
      ...unique(workloads).map(
        ({ ip, version, zone, weight }) => `apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: vm-${version}-${ip}}
spec: {address: ${at(ip)}, weight: ${weight}, locality: ${locality(zone)}, labels: {app: ${weight % 2 === 0 ? "web" : "none"}, version: ${version}}}
`,
      ),
    ].join("---\n"),
  };
}

function unique(backends: readonly Backend[]): Backend[] {
  return [...new Map(backends.map((backend) => [`${backend.version}-${backend.ip}`, backend])).values()];
}

const backend = fc.record<Backend>({
  ip: fc.integer({ min: 1, max: 5 }),
  version: fc.constantFrom("v1", "v2"),
  zone: fc.constantFrom("a", "b"),
  weight: fc.integer({ min: 1, max: 4 }),
});
const some = fc.uniqueArray(backend, { maxLength: 4, selector: ({ ip }) => ip });
const moment = fc.record<Moment>({
  slices: fc.array(some, { maxLength: 2 }),
  legacy: some,
  pods: fc.array(backend, { maxLength: 4 }),
  workloads: fc.array(backend, { maxLength: 4 }),
  entry: some,
  unready: fc.boolean(),
});
/** One thing is otherwise, so that nothing else gives it away. */
const edit = fc
  .tuple(moment, fc.constantFrom<keyof Moment>("slices", "legacy", "pods", "workloads", "entry", "unready"))
  .map(([other, name]): Partial<Moment> => ({ [name]: other[name] }));
const rules = fc.record<Rules>({
  outlier: fc.boolean(),
  minHealth: fc.boolean(),
  distribute: fc.boolean(),
  failover: fc.boolean(),
  passthrough: fc.boolean(),
  nearby: fc.boolean(),
  rival: fc.boolean(),
});
const proxy = fc.record({
  proxyNamespace: fc.constantFrom("default", "elsewhere"),
  proxyLocality: fc.constantFrom("region/a", "region/b", ""),
  meshListeners: fc.boolean(),
  target: fc.constantFrom("wasm" as const, "native" as const),
});

describe("without compiling", () => {
  test("a change of endpoints gives what compiling gives, and shares all else", () => {
    fc.assert(
      fc.property(
        rules,
        moment,
        fc.array(edit, { minLength: 1, maxLength: 4 }),
        proxy,
        (same, first, next, options) => {
          const compiler = new Compiler(options);
          const old = compiler.compile(textsOf(same, first));
          let input = old.input;
          let scope = ScopeEndpoints.of(old.compilation, old.input, compiler.options);
          let told = old.resources;
          let present = first;
          for (const one of next) {
            present = { ...present, ...one };
            const now = compiler.compile(textsOf(same, present));
            const change = endpointChange(input, now.input, compiler.options);
            const after = change && scope.after(change, told);
            expect(after).toBeDefined();
            expect(messagesOf(after!.resources)).toEqual(messagesOf(now.resources));
            for (const type of ["cluster", "listener", "routes", "extension", "secret"] as const) {
              expect(after!.resources[type]).toBe(old.resources[type]);
            }
            ({ resources: told, endpoints: scope } = after!);
            ({ input } = now);
          }
        },
      ),
      { numRuns: Number(process.env.SLUICE_CHANGES ?? 20) },
    );
  });

  const RULES: Rules = {
    outlier: false,
    minHealth: false,
    distribute: false,
    failover: false,
    passthrough: false,
    nearby: false,
    rival: false,
  };
  const one: Backend = { ip: 1, version: "v1", zone: "a", weight: 2 };
  const MOMENT: Moment = {
    slices: [[one]],
    legacy: [],
    pods: [one],
    workloads: [],
    entry: [one],
    unready: false,
  };

  test("what is of other services stays the same resource", () => {
    const { old, fast } = new Compiler().both(
      textsOf(RULES, MOMENT),
      textsOf(RULES, { ...MOMENT, entry: [one, { ...one, ip: 2 }] }),
    );
    const [before, after] = [old.resources.endpoints, fast!.resources.endpoints];
    const changed = [...after.keys()].filter((name) => after.get(name) !== before.get(name));
    expect(changed).toEqual(["outbound|80||also.listed.example", "outbound|80||listed.example"]);
  });

  test("nothing is made for a scope that is told nothing else", () => {
    const texts = textsOf(RULES, MOMENT);
    const moved = { ...texts, "kubernetes.yaml": `# moved\n${texts["kubernetes.yaml"]}` };
    const { old, fast } = new Compiler().both(texts, moved);
    expect(fast?.resources).toBe(old.resources);
  });

  test("from none to some, and back", () => {
    const none = { ...MOMENT, entry: [], slices: [] };
    for (const [before, after] of [
      [none, MOMENT],
      [MOMENT, none],
    ] as const) {
      const { now, fast } = new Compiler().both(textsOf(RULES, before), textsOf(RULES, after));
      expect(messagesOf(fast!.resources)).toEqual(messagesOf(now.resources));
    }
  });

  test.each([
    ["a rule", "prefix: /v1", "prefix: /v2"],
    ["a port", "name: tcp, port: 90,", "name: tcp, port: 91,"],
    ["a subset", "labels: {version: v2}", "labels: {version: v3}"],
    ["where a node stands", "zone: b}", "zone: c}"],
    ["a host", "Also.Listed.Example", "never.listed.example"],
    ["how endpoints are found", "resolution: STATIC\n  ports", "resolution: DNS\n  ports"],
    ["an address that Envoy refuses", `address: ${at(1)}, weight`, 'address: "fe80::1%eth0", weight'],
    [
      "a service more",
      "metadata: {name: old, namespace: shop}\nspec:",
      "metadata: {name: older, namespace: shop}\nspec:",
    ],
  ])("%s is for the compiler", (_what, from, to) => {
    const before = textsOf(RULES, MOMENT);
    const replaced = Object.entries(before).map(([name, text]) => [name, text.replace(from, to)] as const);
    expect(replaced.filter(([name, text]) => text !== before[name])).toHaveLength(1);
    const [old, now] = [before, Object.fromEntries(replaced)].map(inputOf);
    expect(endpointChange(old!, now!, DEFAULT_PROXY_OPTIONS)).toBeUndefined();
  });

  test("names that are looked up are part of their cluster, and so for the compiler", () => {
    const before = textsOf(RULES, MOMENT);
    const looked = { ...before, "entry.yaml": before["entry.yaml"]!.replace("STATIC", "DNS") };
    const moved = { ...looked, "entry.yaml": looked["entry.yaml"]!.replace(at(1), "one.example") };
    const { change, fast } = new Compiler().both(looked, moved);
    expect(change).toBeDefined();
    expect(fast).toBeUndefined();
  });

  test("a port of a gateway that a Pod names is for the compiler", () => {
    const pod = (port: number) => `apiVersion: v1
kind: Pod
metadata: {name: gateway, labels: {istio: ingressgateway}}
spec: {containers: [{name: main, ports: [{name: web, containerPort: ${port}}]}]}
`;
    const gateway = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: v1
kind: Service
metadata: {name: gateway}
spec: {selector: {istio: ingressgateway}, ports: [{name: http, port: 80, targetPort: web}]}
`;
    const compiler = new Compiler({ proxyNamespace: "default" });
    const edge = { "edge.yaml": gateway, ...textsOf(RULES, MOMENT) };
    const of = (port: number, label = "") => ({
      ...edge,
      "pod.yaml": pod(port).replace("{istio", `{${label}istio`),
    });
    expect(compiler.both(of(8080), of(8081)).fast).toBeUndefined();
    expect(compiler.both(of(8080), of(8080, "tier: front, ")).fast).toBeDefined();
  });
});

function inputOf(texts: Readonly<Record<string, string>>) {
  const sources = Object.entries(texts).map(([path, text]) => ({ path, text }));
  return loadResources(sources, { report() {} });
}
