/**
 * Who is where: the documents that a cluster would hold about the running services (`Service`, `EndpointSlice`, `Pod`)
 * and the `WorkloadEntry` of the one outside. They are generated because the ports are free ones of this machine;
 * the rules beside them never name an address.
 */

import { stringify } from "yaml";
import type { Bookinfo, Service } from "./services/index.ts";

const PORT = 9080;
const ADDRESS = "127.0.0.1";

export function registryYaml({ services, quotes }: Pick<Bookinfo, "services" | "quotes">): string {
  const apps = [...new Set(services.map(({ app }) => app))];
  const documents = [
    ...apps.map(serviceDocument),
    ...services.map(podDocument),
    ...services.map(endpointSliceDocument),
    workloadEntryDocument(quotes),
  ];
  return documents.map((document) => stringify(document)).join("---\n");
}

function serviceDocument(app: string) {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: app, namespace: "default" },
    spec: { selector: { app }, ports: [{ name: "http", port: PORT, targetPort: "http" }] },
  };
}

function podDocument({ app, version, port }: Service) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `${app}-${version}`, namespace: "default", labels: { app, version } },
    spec: { containers: [{ name: app, ports: [{ name: "http", containerPort: port }] }] },
    status: { podIP: ADDRESS },
  };
}

/** One slice for each version, since the ports of a slice are those of all its endpoints. */
function endpointSliceDocument({ app, version, port }: Service) {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name: `${app}-${version}`,
      namespace: "default",
      labels: { "kubernetes.io/service-name": app },
    },
    addressType: "IPv4",
    ports: [{ name: "http", port, protocol: "TCP" }],
    endpoints: [
      {
        addresses: [ADDRESS],
        conditions: { ready: true },
        targetRef: { kind: "Pod", name: `${app}-${version}`, namespace: "default" },
      },
    ],
  };
}

function workloadEntryDocument({ app, port }: Service) {
  return {
    apiVersion: "networking.istio.io/v1",
    kind: "WorkloadEntry",
    metadata: { name: app, namespace: "default" },
    spec: { address: ADDRESS, labels: { app }, ports: { http: port } },
  };
}
