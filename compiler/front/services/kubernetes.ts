/** Kubernetes `Service` documents, with the endpoints that `EndpointSlice` (or `Endpoints`) documents give them. */

import { isIP } from "node:net";
import type {
  EndpointSliceSpec,
  EndpointsSpec,
  Resource,
  ResourceSet,
  ServiceSpec,
  WorkloadEntrySpec,
} from "../resources/model.ts";
import { objectName, type PodName, podNamed, serviceOfSlice } from "./endpoint-owners.ts";
import { EXPORT_TO_ANNOTATION } from "./mesh-settings.ts";
import { byAge } from "./order.ts";
import { kubernetesProtocol } from "./protocol.ts";
import type { Service, ServiceEndpoint } from "./service.ts";
import type { SelectedTemplates } from "./template-pods.ts";
import { unixSocketPath } from "./unix-sockets.ts";
import { ownPort, workloadEndpoint } from "./workload-endpoint.ts";
import type { Workloads } from "./workloads.ts";

const TRAFFIC_DISTRIBUTION_ANNOTATION = "networking.istio.io/traffic-distribution";

/** The endpoints of one service by the *name* of its port, which is what ties the two kinds of document together; those by their sockets. */
type EndpointsByPortName = Map<string, Map<string, ServiceEndpoint>>;

export class KubernetesEndpoints {
  readonly #slices = new Map<string, Resource<EndpointSliceSpec>[]>();
  readonly #endpoints = new Map<string, Resource<EndpointsSpec>>();
  readonly #workloads: Workloads;

  constructor({ endpointSlices, endpoints }: ResourceSet, workloads: Workloads) {
    this.#workloads = workloads;
    for (const slice of [...endpointSlices].sort(byAge)) {
      const service = serviceOfSlice(slice);
      if (service !== undefined) {
        this.#slices.set(service, [...(this.#slices.get(service) ?? []), slice]);
      }
    }
    for (const resource of endpoints) {
      this.#endpoints.set(objectName(resource), resource);
    }
  }

  /** Those of the slices; a service without any has those of the older kind, which Kubernetes mirrors. */
  of(service: Resource<ServiceSpec>): EndpointsByPortName {
    const key = objectName(service);
    const byName: EndpointsByPortName = new Map();
    const { namespace, spec } = service;
    const templates = this.#workloads.templates.selectedBy(namespace, spec.selector ?? {});
    const slices = this.#slices.get(key);
    if (slices !== undefined) {
      for (const slice of slices) {
        this.#addSlice(byName, slice, templates);
      }
    } else {
      const resource = this.#endpoints.get(key);
      if (resource !== undefined) {
        this.#addEndpoints(byName, resource, templates);
      }
    }
    this.#addWorkloadEntries(byName, service);
    return byName;
  }

  /** A selector finds WorkloadEntries, too; not that of a headless service, whose endpoints are only those of Kubernetes. */
  #addWorkloadEntries(byName: EndpointsByPortName, { namespace, spec }: Resource<ServiceSpec>): void {
    const { selector = {}, clusterIP, ports = [] } = spec;
    if (Object.keys(selector).length === 0 || clusterIP === "None") {
      return;
    }
    for (const { entry, labels, isEntry } of this.#workloads.select(namespace, selector)) {
      if (isEntry === undefined || unixSocketPath(entry.address) !== undefined) {
        continue;
      }
      for (const servicePort of ports) {
        const port = entryPort(entry, servicePort);
        const place = { discovery: "eds", namespace } as const;
        for (const endpoint of port === undefined ? [] : workloadEndpoint(entry, labels, port, place)) {
          addOnce(byName, servicePort.name ?? "", endpoint);
        }
      }
    }
  }

  #addSlice(
    byName: EndpointsByPortName,
    { namespace, spec }: Resource<EndpointSliceSpec>,
    templates: SelectedTemplates,
  ): void {
    for (const endpoint of spec.endpoints ?? []) {
      // A condition that is not said counts as ready, and what is not ready as ending.
      const { ready, terminating } = endpoint.conditions ?? {};
      const unready = ready === false;
      if (unready && terminating !== false) {
        continue;
      }
      const pod = podNamed(endpoint.targetRef, namespace);
      for (const address of endpoint.addresses ?? []) {
        for (const port of spec.ports ?? []) {
          this.#add(byName, port, { address, pod, templates, unready });
        }
      }
    }
  }

  #addEndpoints(
    byName: EndpointsByPortName,
    { namespace, spec }: Resource<EndpointsSpec>,
    templates: SelectedTemplates,
  ): void {
    for (const subset of spec.subsets ?? []) {
      for (const { ip, targetRef } of subset.addresses ?? []) {
        const pod = podNamed(targetRef, namespace);
        for (const port of subset.ports ?? []) {
          if (ip !== undefined) {
            this.#add(byName, port, { address: ip, pod, templates });
          }
        }
      }
    }
  }

  #add(
    byName: EndpointsByPortName,
    { name = "", port }: { readonly name?: string; readonly port?: number },
    {
      address,
      pod,
      templates,
      unready = false,
    }: {
      readonly address: string;
      readonly pod: PodName | undefined;
      readonly templates: SelectedTemplates;
      readonly unready?: boolean;
    },
  ): void {
    // Slices of type FQDN hold names; like istiod, we route to addresses only.
    if (port === undefined || isIP(address) === 0) {
      return;
    }
    const endpoint = {
      address,
      port,
      ...(this.#workloads.podOf(pod, address) ?? this.#workloads.unseenPod(pod, templates)),
      weight: 1,
      ...(unready && { unready }),
    };
    addOnce(byName, name, endpoint);
  }
}

function addOnce(byName: EndpointsByPortName, name: string, endpoint: ServiceEndpoint): void {
  const { address, port } = endpoint;
  const socket = `${address} ${port}`;
  const known = byName.get(name);
  if (known === undefined) {
    byName.set(name, new Map([[socket, endpoint]]));
  } else if (!known.has(socket)) {
    known.set(socket, endpoint);
  }
}

/**
 * Where a WorkloadEntry listens for a port of a Service: on its own port of the name that `targetPort` has, and without
 * such a name on its own of the service port's name, or else on `targetPort` itself. None: on no port.
 */
function entryPort(
  entry: WorkloadEntrySpec,
  { name = "", port, targetPort }: NonNullable<ServiceSpec["ports"]>[number],
): number | undefined {
  return typeof targetPort === "string"
    ? ownPort(entry, targetPort)
    : (ownPort(entry, name) ?? (targetPort || port));
}

export function kubernetesHost({ name, namespace }: Resource<unknown>, domainSuffix: string): string {
  return `${name}.${namespace}.svc.${domainSuffix}`.toLowerCase();
}

export function kubernetesService(
  resource: Resource<ServiceSpec>,
  endpoints: KubernetesEndpoints,
  domainSuffix: string,
): Service {
  const { spec, namespace } = resource;
  const host = kubernetesHost(resource, domainSuffix);
  const ports = (spec.ports ?? []).map((port) => ({
    number: port.port,
    name: port.name ?? "",
    protocol: kubernetesProtocol(port),
  }));
  const prefers = trafficDistribution(resource);
  const common = {
    ...(prefers && { prefers }),
    host,
    namespace,
    source: "kubernetes",
    ports,
    span: resource.spanOf(["metadata", "name"]),
  } as const;
  if (spec.type === "ExternalName" && spec.externalName) {
    const target = spec.externalName.toLowerCase().replace(/\.$/, "");
    return {
      ...common,
      addresses: [],
      headless: false,
      isExternal: true,
      // Used only when the target is no service that we know; it is then a name for DNS.
      discovery: "strictDns",
      aliasOf: target,
      endpoints: new Map(
        ports.map(({ number }) => [number, [{ address: target, port: number, labels: {}, weight: 1 }]]),
      ),
    };
  }
  const byName = endpoints.of(resource);
  const headless = spec.clusterIP === "None";
  return {
    ...common,
    addresses: headless ? [] : [...new Set([spec.clusterIP, ...(spec.clusterIPs ?? [])])].filter(isAddress),
    headless,
    discovery: "eds",
    endpoints: new Map(ports.map((port) => [port.number, [...(byName.get(port.name)?.values() ?? [])]])),
  };
}

/** Whom a Service would rather be asked by: Kubernetes' field, else Istio's older annotation. */
export function trafficDistribution({ spec, annotations }: Resource<ServiceSpec>): Service["prefers"] {
  const field = TRAFFIC_DISTRIBUTIONS.get(spec.trafficDistribution?.toLowerCase() ?? "");
  return (
    field ?? TRAFFIC_DISTRIBUTIONS.get(annotations[TRAFFIC_DISTRIBUTION_ANNOTATION]?.toLowerCase() ?? "")
  );
}

const TRAFFIC_DISTRIBUTIONS: ReadonlyMap<string, Service["prefers"]> = new Map([
  ["preferclose", "zone"],
  ["prefersamezone", "zone"],
  ["prefersamenode", "node"],
]);

/** Whom a Service is visible to, as its annotation says. */
export function serviceExportTo({ annotations }: Resource<ServiceSpec>): string[] | undefined {
  return annotations[EXPORT_TO_ANNOTATION]?.split(",").map((entry) => entry.trim());
}

function isAddress(text: string | undefined): text is string {
  return text !== undefined && isIP(text) !== 0;
}
