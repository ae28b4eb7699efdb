import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { Authority, tlsSecret } from "../../../test/harness/authority.ts";
import { printJson } from "../../back/xds/json.ts";
import { keyOf, namedIn, type ResourceSet, resourcesOf } from "../../back/xds/resource-set.ts";
import { emitResources } from "../../back/xds/resources.ts";
import {
  type Compilation,
  createWorkspace,
  DEFAULT_PROXY_OPTIONS,
  type ProxyOptions,
  type SourceFile,
} from "../../index.ts";
import { adsPlaces } from "../../run/delivery/ads/places.ts";
import type { RuleSnapshot } from "../model/rules.ts";
import { meshes, proxies } from "./meshes.fixture.ts";

/** Random meshes: many more in a long run. */
const RUNS = Number(process.env.SLUICE_MESHES ?? 40);
const PLACES = adsPlaces(Uint8Array.of(1));

/** A Secret and a host for each namespace, which nobody else may know of. */
let ofNamespaces: readonly string[];

beforeAll(async () => {
  const authority = await Authority.create("authority");
  const pair = await authority.issue({ names: ["shop.example"] });
  ofNamespaces = ["red", "blue", "istio-system"].flatMap((namespace) => [
    tlsSecret("edge", pair, undefined, namespace),
    privateHost(namespace),
  ]);
});

const snapshotOf = (sources: readonly SourceFile[]): Promise<RuleSnapshot> =>
  createWorkspace({
    source: { read: async () => sources, watch: async () => ({ close: async () => {} }) },
  }).snapshot();

const emitted = ({ config, blobs }: Compilation, options: ProxyOptions) =>
  emitResources(config, { ...options, blobs, places: PLACES });

/** Undefined where the rules are wrong for the proxy. */
async function toldBy(snapshot: RuleSnapshot, options: ProxyOptions): Promise<ResourceSet | undefined> {
  const { compilation } = await snapshot.compile(options);
  return compilation && emitted(compilation, options);
}

const service = (name: string, namespace: string) =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { ports: [{ name: http, port: 80 }] }\n`;
const privateHost = (namespace: string) =>
  `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: { name: private, namespace: ${namespace} }\nspec: { hosts: [private.${namespace}.example], exportTo: ["."], ports: [{ number: 80, name: http, protocol: HTTP }], resolution: STATIC, endpoints: [{ address: 192.0.2.9 }] }\n`;
const gateway = (name: string, selector: string, namespace = "default") =>
  `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: ${name}, namespace: ${namespace} }\nspec: { selector: ${selector}, servers: [{ port: { number: 80, name: http, protocol: HTTP }, hosts: ["*"] }] }\n`;

const versionsOf = (set: ResourceSet | undefined) =>
  set && resourcesOf(set).map((resource) => `${keyOf(resource)} ${resource.version}`);

test("proxies of one scope are told the same, byte for byte, whatever else they say of themselves", async () => {
  await fc.assert(
    fc.asyncProperty(
      meshes(ofNamespaces),
      fc.array(proxies, { minLength: 2, maxLength: 4 }),
      async (sources, all) => {
        // One compiler for all scopes, which share what they can, and one for each proxy, which has nothing to share.
        const shared = await snapshotOf(sources);
        for (const proxy of all) {
          const own = await toldBy(await snapshotOf(sources), proxy);
          const told = await toldBy(shared, shared.scopeOf(proxy).options);
          expect(versionsOf(told)).toEqual(versionsOf(own));
        }
      },
    ),
    { numRuns: RUNS },
  );
}, 600_000);

/** Words that only a namespace's own proxies may read: hosts that are exported to nobody else, and Secrets. */
test("a proxy is told no Secret and no private host of another namespace", async () => {
  await fc.assert(
    fc.asyncProperty(meshes(ofNamespaces), proxies, async (sources, proxy) => {
      const snapshot = await snapshotOf(sources);
      const { compilation } = await snapshot.compile(snapshot.scopeOf(proxy).options);
      const set = compilation && emitted(compilation, proxy);
      const text =
        set === undefined
          ? ""
          : resourcesOf(set)
              .map(({ message }) => printJson(message))
              .join();
      const blobs = [...(compilation?.blobs.values() ?? [])].map((blob) =>
        Buffer.from(blob).toString("latin1"),
      );
      for (const [, namespace] of [text, ...blobs].join().matchAll(/private\.([a-z-]+)\.example/g)) {
        expect(namespace).toBe(proxy.proxyNamespace);
      }
      for (const name of set?.secret.keys() ?? []) {
        expect(name).toBe(`kubernetes://${proxy.proxyNamespace}/edge`);
        expect(namedIn(set!)).toContain(`secret ${name}`);
      }
    }),
    { numRuns: RUNS },
  );
}, 600_000);

test("a proxy is told the private host and the Secret of its own namespace", async () => {
  const rules = gateway("edge", "{ app: web }", "red").replace(
    "{ number: 80, name: http, protocol: HTTP }",
    "{ number: 443, name: https, protocol: HTTPS }, tls: { mode: SIMPLE, credentialName: edge }",
  );
  const snapshot = await snapshotOf([...ofNamespaces, rules].map((text, i) => ({ path: `${i}.yaml`, text })));
  const told = async (proxyNamespace: string) => {
    const proxy = { ...DEFAULT_PROXY_OPTIONS, proxyNamespace, proxyLabels: { app: "web" } };
    return toldBy(snapshot, snapshot.scopeOf(proxy).options);
  };
  const blue = await told("blue");
  expect([...blue!.secret.keys()]).toEqual(["kubernetes://blue/edge"]);
  expect([...blue!.cluster.keys()].filter((name) => name.includes("private"))).toEqual([
    "outbound|80||private.blue.example",
  ]);
  // Not even that of the Gateway's own namespace.
  expect(await told("quiet")).toBeUndefined();
});

const scopeOf = async (rules: string, proxy: Partial<ProxyOptions>) => {
  const snapshot = await snapshotOf([{ path: "rules.yaml", text: rules }]);
  return snapshot.scopeOf({ ...DEFAULT_PROXY_OPTIONS, ...proxy }).key;
};

test("a fleet of which no rule speaks is one scope", async () => {
  const keys = new Set<string>();
  for (let i = 0; i < 50; i++) {
    keys.add(
      await scopeOf(service("shop", "shop"), {
        proxyNamespace: `ns${i}`,
        proxyLabels: { app: `app${i}` },
        proxyLocality: `region/zone${i}`,
        portMap: new Map([[7, 7000 + i]]),
      }),
    );
  }
  expect([...keys]).toEqual(["-"]);
});

test.each<[string, string, Partial<ProxyOptions>, string]>([
  ["the namespace of a service", service("shop", "shop"), { proxyNamespace: "shop" }, "shop"],
  [
    "the labels of a selector that selects it, and no others",
    `${gateway("edge", "{ app: web, tier: front }")}---\n${gateway("other", "{ app: web, tier: back }")}`,
    { proxyLabels: { app: "web", tier: "front", pod: "1" } },
    "- app=web tier=front",
  ],
  [
    "the port that is bound for one of a service",
    service("shop", "shop"),
    { portMap: new Map([[80, 8080]]) },
    "- 80>8080",
  ],
  ["what else it claims", "", { meshPort: 0, meshListeners: true }, "- meshListeners:true meshPort:0"],
])("a scope is told apart by %s", async (_, rules, proxy, key) => {
  expect(await scopeOf(rules, proxy)).toBe(key);
});

test("where a proxy runs counts when endpoints are placed by it", async () => {
  const proxy = { proxyLocality: "eu/a" };
  const policy = (spec: string) =>
    `apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: { name: a, namespace: shop }\nspec: { host: a.example, trafficPolicy: ${spec} }\n`;
  expect(await scopeOf(policy("{ connectionPool: { tcp: { maxConnections: 3 } } }"), proxy)).toBe("-");
  expect(await scopeOf(policy("{ outlierDetection: {} }"), proxy)).toBe("- @eu/a");
});

test("the namespace that stands for all others is none of those that rules mean by a sign", async () => {
  const sidecar = `apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: { name: all, namespace: istio-system }
spec: { egress: [{ hosts: [./*] }] }
`;
  const snapshot = await snapshotOf([
    { path: "rules.yaml", text: `${service("shop", "shop")}---\n${sidecar}` },
  ]);
  const told = async (proxyNamespace: string) => {
    const { options } = snapshot.scopeOf({ ...DEFAULT_PROXY_OPTIONS, proxyNamespace });
    return [...(await toldBy(snapshot, options))!.cluster.keys()];
  };
  expect(await told("shop")).toContain("outbound|80||shop.shop.svc.cluster.local");
  expect(await told("quiet")).toEqual(["PassthroughCluster"]);
});

test("a scope that two states of the rules have in common is the same object", async () => {
  let text = service("shop", "shop");
  const workspace = createWorkspace({
    source: {
      read: async () => [{ path: "rules.yaml", text }],
      watch: async () => ({ close: async () => {} }),
    },
  });
  const proxy = { ...DEFAULT_PROXY_OPTIONS, proxyNamespace: "shop", proxyLabels: { app: "web" } };
  const before = await workspace.snapshot();
  const scope = before.scopeOf(proxy);
  text += `---\n${service("other", "other")}`;
  const after = await workspace.snapshot();
  expect(after.scopeOf(proxy)).toBe(scope);
  expect(after.revision).not.toBe(before.revision);
  expect(after.scopeOf({ ...proxy, proxyLabels: {} })).toBe(scope);
});

test("what does not tell two scopes apart they have in common, as the same objects", async () => {
  const rules = ["red", "blue", "green"].map((namespace) => service("shop", namespace)).join("---\n");
  const snapshot = await snapshotOf([{ path: "rules.yaml", text: rules }]);
  const compiled = async (proxyNamespace: string) => {
    const { options } = snapshot.scopeOf({ ...DEFAULT_PROXY_OPTIONS, proxyNamespace });
    const { config } = (await snapshot.compile(options)).compilation!;
    const hosts = config.listeners[0]!.routes.virtualHosts;
    return { clusters: config.clusters, host: (name: string) => hosts.find((host) => host.name === name)! };
  };
  const [red, blue] = [await compiled("red"), await compiled("blue")];
  expect(blue.clusters).toBe(red.clusters);
  expect(blue.host("shop.green.svc.cluster.local:80")).toBe(red.host("shop.green.svc.cluster.local:80"));
  expect(blue.host("shop.blue.svc.cluster.local:80").domains).toContain("shop");
  expect(red.host("shop.blue.svc.cluster.local:80").domains).not.toContain("shop");
});

test("proxies that something is said of are apart from those that nothing is said of", async () => {
  const annotated = `apiVersion: apps/v1
kind: Deployment
metadata: { name: edge, namespace: red }
spec:
  template:
    metadata:
      labels: { app: edge, version: v1 }
      annotations: { proxy.istio.io/config: "gatewayTopology: { numTrustedProxies: 2 }" }
`;
  const config =
    "apiVersion: networking.istio.io/v1beta1\nkind: ProxyConfig\nmetadata: { name: a, namespace: blue }\nspec: { selector: { matchLabels: { app: edge } }, concurrency: 2 }\n";
  const snapshot = await snapshotOf([
    { path: "a.yaml", text: annotated },
    { path: "b.yaml", text: config },
  ]);
  const scopeOf = (proxyNamespace: string, proxyLabels: Readonly<Record<string, string>>) =>
    snapshot.scopeOf({ ...DEFAULT_PROXY_OPTIONS, proxyNamespace, proxyLabels });
  const meant = scopeOf("red", { app: "edge" });
  // The workload lacks a label of this one, which is therefore another's.
  expect(scopeOf("red", { app: "edge", pod: "a" })).not.toBe(meant);
  expect(scopeOf("blue", { app: "edge", pod: "a" })).toBe(scopeOf("blue", { app: "edge", pod: "b" }));
  expect(scopeOf("blue", { app: "edge" })).not.toBe(scopeOf("blue", { app: "other" }));
  expect(scopeOf("green", { pod: "a" })).toBe(scopeOf("green", { pod: "b" }));
});
