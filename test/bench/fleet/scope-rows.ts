/** What one more scope costs: the same mesh, as proxies of another namespace see it. */

import { keyOf, resourcesOf } from "../../../compiler/back/xds/resource-set.ts";
import { emitResources } from "../../../compiler/back/xds/resources.ts";
import { createWorkspace, DEFAULT_PROXY_OPTIONS, texts } from "../../../compiler/index.ts";
import { adsPlaces } from "../../../compiler/run/delivery/ads/places.ts";
import { median } from "../measure.ts";
import type { Figures, Row } from "./row.ts";

const SERVICES = 1_000;
const SCOPES = 50;
const PLACES = adsPlaces(new Uint8Array());

/** A service with a rule and a policy of its own. */
const service = (name: string, namespace: string, address: string) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: ${namespace} }
spec: { clusterIP: 10.${address}, ports: [{ name: http, port: 80, targetPort: 8080 }] }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
addressType: IPv4
metadata: { name: ${name}-1, namespace: ${namespace}, labels: { kubernetes.io/service-name: ${name} } }
ports: [{ name: http, port: 8080 }]
endpoints: [{ addresses: [11.${address}] }, { addresses: [12.${address}] }]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  hosts: [${name}]
  http:
  - match: [{ uri: { prefix: /v2 } }]
    route: [{ destination: { host: ${name}, subset: all } }]
  - match: [{ headers: { x-user: { exact: ${name} } } }]
    route: [{ destination: { host: ${name} } }]
    timeout: 3s
  - route: [{ destination: { host: ${name} } }]
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: ${name}, namespace: ${namespace} }
spec: { host: ${name}, trafficPolicy: { connectionPool: { tcp: { maxConnections: 100 } } }, subsets: [{ name: all }] }
`;

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

/** CPU of each scope, from its options to the digests of all that it is told, one after another. */
async function measure(services: number): Promise<Figures> {
  const each = Math.ceil(services / SCOPES);
  const all = Array.from({ length: services }, (_, i) => {
    const [namespace, own] = [Math.floor(i / each), i % each];
    return [`${i}.yaml`, service(`service-${own}`, `team-${namespace}`, `${namespace}.0.${own + 1}`)];
  });
  const snapshot = await createWorkspace({ source: texts(Object.fromEntries(all)) }).snapshot();
  const costs: number[] = [];
  for (let i = 0; i < SCOPES; i++) {
    const { options } = snapshot.scopeOf({ ...DEFAULT_PROXY_OPTIONS, proxyNamespace: `team-${i}` });
    const before = cpuMs();
    const { compilation } = await snapshot.compile(options);
    const { config, blobs } = compilation!;
    const set = emitResources(config, { ...options, blobs, places: PLACES });
    new Set(resourcesOf(set).map((resource) => `${keyOf(resource)} ${resource.version}`));
    costs.push(cpuMs() - before);
  }
  return { firstMs: costs[0]!, moreMs: median(costs.slice(1)) };
}

export const SCOPE_ROWS: readonly Row[] = [
  {
    name: "scope",
    title: () => `one more scope at ${SERVICES.toLocaleString("en")} services (of ${SCOPES} alike)`,
    limits: "20 ms",
    measure: ({ quick }) => measure(quick ? SERVICES / 10 : SERVICES),
    render: ({ firstMs, moreMs }) => `CPU ${moreMs?.toFixed(0)} ms; the first ${firstMs?.toFixed(0)} ms`,
  },
];
