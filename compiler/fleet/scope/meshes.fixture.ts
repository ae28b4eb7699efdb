/**
 * Random meshes and proxies, for properties of scopes: few names, so that rules meet, and everything in them that can tell proxies
 * apart.
 */

import fc from "fast-check";
import type { SourceFile } from "../../diagnostics/span.ts";
import type { ListenerPort } from "../../options/port-map.ts";
import { DEFAULT_PROXY_OPTIONS, type ProxyOptions } from "../../options.ts";

/** `quiet` owns nothing but proxies. */
const OWNERS = ["red", "blue", "istio-system"] as const;
const NAMESPACES = [...OWNERS, "quiet", "still"] as const;
const owner = fc.constantFrom(...OWNERS);
const labels = fc.dictionary(fc.constantFrom("app", "version", "istio"), fc.constantFrom("a", "b"), {
  maxKeys: 3,
});
const locality = fc.constantFrom("", "eu", "eu/a", "eu/b/1", "us/a");
const name = fc.constantFrom("one", "two", "three");
/** Of a service that may be there. */
const host = fc.tuple(name, owner).map(([own, namespace]) => `${own}.${namespace}.svc.cluster.local`);
const exportTo = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  fc.constantFrom(["."], ["red"], ["blue", "quiet"], ["*"]),
);

/** `kind` → where it is, what is in its metadata besides, and its spec. */
interface Document {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

const given = <T extends object>(fields: T) => JSON.parse(JSON.stringify(fields)) as T;

const service = fc
  .record({ own: name, namespace: owner, exportTo, near: fc.boolean(), selector: labels })
  .map(
    ({ own, namespace, exportTo, near, selector }): Document =>
      given({
        apiVersion: "v1",
        kind: "Service",
        metadata: {
          name: own,
          namespace,
          ...(exportTo && { annotations: { "networking.istio.io/exportTo": exportTo.join(",") } }),
        },
        spec: {
          selector,
          clusterIP: "None",
          ports: [{ name: "http", port: 80, targetPort: 8080 }],
          ...(near && own === "three" && { trafficDistribution: "PreferClose" }),
        },
      }),
  );

const serviceEntry = fc
  .record({
    namespace: owner,
    exportTo,
    // Also what is short for a service, for some proxies or for all.
    host: fc.oneof(host, fc.constantFrom("far.example", "*.wide.example", "one", "two.red", "one.blue.svc")),
    port: fc.constantFrom(8000, 80),
    endpoints: fc.array(fc.record({ labels, locality: fc.constantFrom("eu/a", "us/a") }), { maxLength: 3 }),
  })
  .map(
    ({ namespace, exportTo, host, port, endpoints }): Document =>
      given({
        apiVersion: "networking.istio.io/v1",
        kind: "ServiceEntry",
        metadata: { name: `${host.replace("*", "all")}`, namespace },
        spec: {
          hosts: [host],
          exportTo,
          ports: [{ number: port, name: "http", protocol: "HTTP" }],
          resolution: "STATIC",
          endpoints: endpoints.map((endpoint, i) => ({ ...endpoint, address: `192.0.2.${i + 1}` })),
        },
      }),
  );

const virtualService = fc
  .record({
    own: name,
    namespace: owner,
    exportTo,
    hosts: fc.uniqueArray(fc.oneof(host, fc.constantFrom("far.example", "*.wide.example", "shop.example")), {
      minLength: 1,
      maxLength: 2,
    }),
    gateways: fc.constantFrom(undefined, ["mesh", "red/edge"], ["blue/edge"]),
    sourceLabels: fc.option(labels, { nil: undefined }),
    sourceNamespace: fc.option(fc.constantFrom(...NAMESPACES), { nil: undefined }),
    to: host,
  })
  .map(
    ({ own, namespace, exportTo, hosts, gateways, sourceLabels, sourceNamespace, to }): Document =>
      given({
        apiVersion: "networking.istio.io/v1",
        kind: "VirtualService",
        metadata: { name: own, namespace },
        spec: {
          hosts,
          exportTo,
          gateways,
          http: [
            {
              match: [{ uri: { prefix: `/${own}` }, sourceLabels, sourceNamespace }],
              route: [{ destination: { host: to } }],
            },
            { route: [{ destination: { host: hosts[0]!.replace("*", "any") } }] },
          ],
        },
      }),
  );

const destinationRule = fc
  .record({
    own: name,
    namespace: owner,
    host: fc.oneof(host, fc.constantFrom("far.example", "*.svc.cluster.local")),
    exportTo,
    matchLabels: fc.option(labels, { nil: undefined }),
    isChecked: fc.boolean(),
    policy: fc.constantFrom(
      { connectionPool: { tcp: { maxConnections: 3 } } },
      { outlierDetection: {}, loadBalancer: { localityLbSetting: { failover: [{ from: "eu", to: "us" }] } } },
      {
        loadBalancer: {
          zoneAwareLbSetting: { failover: [{ from: "eu", to: "us" }], failoverPriority: ["app"] },
        },
      },
      { loadBalancer: { localityLbSetting: { failoverPriority: ["version"] } } },
      {
        outlierDetection: {},
        loadBalancer: { localityLbSetting: { failoverPriority: ["version", "app=a"] } },
      },
      { loadBalancer: { localityLbSetting: { distribute: [{ from: "eu/*", to: { "eu/a": 30, us: 70 } }] } } },
    ),
  })
  .map(
    ({ own, namespace, host, exportTo, matchLabels, isChecked, policy }): Document =>
      given({
        apiVersion: "networking.istio.io/v1",
        kind: "DestinationRule",
        metadata: {
          name: own,
          namespace,
          ...(isChecked && { annotations: { "sluice.dev/health-check": "tcp every 1s" } }),
        },
        spec: {
          host,
          trafficPolicy: policy,
          ...(matchLabels && Object.keys(matchLabels).length > 0
            ? { workloadSelector: { matchLabels } }
            : { exportTo }),
        },
      }),
  );

const gateway = fc.record({ namespace: owner, selector: labels, isSecure: fc.boolean() }).map(
  ({ namespace, selector, isSecure }): Document => ({
    apiVersion: "networking.istio.io/v1",
    kind: "Gateway",
    metadata: { name: "edge", namespace },
    spec: {
      selector,
      servers: [
        { port: { number: 80, name: "http", protocol: "HTTP" }, hosts: ["*"] },
        ...(isSecure
          ? [
              {
                port: { number: 443, name: "https", protocol: "HTTPS" },
                hosts: ["*.example"],
                tls: { mode: "SIMPLE", credentialName: "edge" },
              },
            ]
          : []),
      ],
    },
  }),
);

const sidecar = fc
  .record({
    own: name,
    namespace: owner,
    matchLabels: fc.option(labels, { nil: undefined }),
    hosts: fc.uniqueArray(
      fc.oneof(
        fc.constantFrom(
          "./*",
          "red/*",
          "*/far.example",
          "~/two.red.svc.cluster.local",
          "*/*.svc.cluster.local",
        ),
        host.map((one) => `*/${one}`),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    mode: fc.constantFrom(undefined, "REGISTRY_ONLY", "ALLOW_ANY"),
  })
  .map(
    ({ own, namespace, matchLabels, hosts, mode }): Document =>
      given({
        apiVersion: "networking.istio.io/v1",
        kind: "Sidecar",
        metadata: { name: own, namespace },
        spec: {
          ...(matchLabels && { workloadSelector: { labels: matchLabels } }),
          egress: [{ hosts }],
          ...(mode && { outboundTrafficPolicy: { mode } }),
        },
      }),
  );

const policy = fc.record({ namespace: owner, matchLabels: labels }).map(
  ({ namespace, matchLabels }): Document => ({
    apiVersion: "security.istio.io/v1",
    kind: "AuthorizationPolicy",
    metadata: { name: "all", namespace },
    spec: { selector: { matchLabels }, action: "DENY", rules: [{}] },
  }),
);

const documents = fc
  .tuple(
    fc.array(service, { maxLength: 5 }),
    fc.array(serviceEntry, { maxLength: 3 }),
    fc.array(virtualService, { maxLength: 4 }),
    fc.array(destinationRule, { maxLength: 3 }),
    fc.array(gateway, { maxLength: 2 }),
    fc.array(sidecar, { maxLength: 2 }),
    fc.array(policy, { maxLength: 1 }),
  )
  .map((lists) => lists.flat());

/** One document a file. Of one kind and name, the last counts, as with `kubectl apply`. */
export function meshes(more: readonly string[] = []): fc.Arbitrary<readonly SourceFile[]> {
  return documents.map((all) => {
    const byName = new Map(
      all.map((one) => [`${one.kind} ${one.metadata.namespace} ${one.metadata.name}`, JSON.stringify(one)]),
    );
    return [...byName.values(), ...more].map((text, i) => ({ path: `${i}.yaml`, text }));
  });
}

export const proxies: fc.Arbitrary<ProxyOptions> = fc
  .record({
    proxyNamespace: fc.constantFrom(...NAMESPACES),
    proxyLabels: labels,
    proxyLocality: locality,
    meshListeners: fc.boolean(),
    portMap: fc.constantFrom(
      // Else a proxy that is both would bind port 80 twice.
      new Map<number | ListenerPort, number>([["gateway:80", 8080]]),
      new Map([
        [80, 8080],
        [7, 7000],
      ]),
    ),
  })
  .map((own) => ({ ...DEFAULT_PROXY_OPTIONS, ...own }));
