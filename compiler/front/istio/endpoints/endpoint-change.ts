/**
 * A change of endpoints: the hosts whose endpoints may differ after it, and their services as they are now. It is made
 * once for all proxies, from two readings of a source, and costs what the change touches: the services of all other hosts are
 * not made again.
 */

import type { ProxyOptions } from "../../../options.ts";
import type { Resource, ResourceSet } from "../../resources/model.ts";
import { objectName, PodReferences, serviceOfSlice } from "../../services/endpoint-owners.ts";
import { kubernetesHost } from "../../services/kubernetes.ts";
import { type Labels, selects } from "../../services/labels.ts";
import { ServiceIndex } from "../../services/service-index.ts";
import { Workloads } from "../../services/workloads.ts";
import { refuseUnsupported, SERVICE_ENTRY } from "../unsupported.ts";
import { type ChangedResources, changedResources } from "./changed-resources.ts";

export interface EndpointChange {
  /** What the source has now. */
  readonly resources: ResourceSet;
  /** In lower case. More may be here than differ. */
  readonly hosts: ReadonlySet<string>;
  /** Everybody that declares one of them. */
  readonly services: ServiceIndex;
  /** A Pod is another: what is known of the ports of Pods may have changed, too. */
  readonly concernsPods: boolean;
}

type MeshOptions = Pick<ProxyOptions, "domainSuffix" | "clusterId" | "network">;

/** `undefined`: something else than endpoints differs, or an endpoint is one that Envoy would refuse. */
export function endpointChange(
  before: ResourceSet,
  after: ResourceSet,
  options: MeshOptions,
): EndpointChange | undefined {
  const changed = changedResources(before, after);
  const isFine = changed?.serviceEntries.every((entry) => refuseUnsupported(entry, SERVICE_ENTRY, () => {}));
  if (changed === undefined || isFine === false) {
    return undefined;
  }
  const hosts = hostsOf(changed, after, options.domainSuffix);
  return {
    resources: after,
    hosts,
    services: indexOf(hosts, after, options),
    concernsPods: changed.pods.length > 0,
  };
}

function hostsOf(changed: ChangedResources, after: ResourceSet, domainSuffix: string): ReadonlySet<string> {
  const services = servicesOf(changed, after);
  const isSelected = selectionOf(changed.workloadEntries);
  const podNamespaces = new Set(changed.pods.map(({ namespace }) => namespace));
  const entries = new Set(changed.serviceEntries);
  const hosts = new Set<string>();
  for (const service of after.services) {
    if (services.has(objectName(service)) || isSelected(service, service.spec.selector)) {
      hosts.add(kubernetesHost(service, domainSuffix));
    }
  }
  for (const entry of after.serviceEntries) {
    const { hosts: names = [], workloadSelector } = entry.spec;
    const isOfSelected =
      workloadSelector !== undefined &&
      // A Pod has labels of its node, too: whichever of the namespace it is may be selected.
      (podNamespaces.has(entry.namespace) || isSelected(entry, workloadSelector.labels));
    if (isOfSelected || entries.has(entry)) {
      for (const name of names) {
        hosts.add(name.toLowerCase());
      }
    }
  }
  return hosts;
}

/** `namespace/name` of those that Kubernetes itself gives endpoints. */
function servicesOf(
  { endpointSlices, endpoints, pods }: ChangedResources,
  after: ResourceSet,
): ReadonlySet<string | undefined> {
  const references = PodReferences.ofPods(pods);
  const [onSlices, onEndpoints] = references.isEmpty
    ? [[], []]
    : [
        after.endpointSlices.filter((slice) => references.inSlice(slice)),
        after.endpoints.filter((one) => references.inEndpoints(one)),
      ];
  return new Set([
    ...[...endpointSlices, ...onSlices].map(serviceOfSlice),
    ...[...endpoints, ...onEndpoints].map(objectName),
  ]);
}

/** Whether a selector finds one of the entries, by labels that it has or has lost. */
function selectionOf(
  entries: ChangedResources["workloadEntries"],
): (by: Pick<Resource<unknown>, "namespace">, selector: Labels | undefined) => boolean {
  const labels = new Map<string, Labels[]>();
  for (const { namespace, labels: own, spec } of entries) {
    labels.set(namespace, [...(labels.get(namespace) ?? []), { ...spec.labels, ...own }]);
  }
  return ({ namespace }, selector) => labels.get(namespace)?.some((one) => selects(selector, one)) ?? false;
}

/** Made of no more than what has a say in these hosts. */
function indexOf(hosts: ReadonlySet<string>, all: ResourceSet, options: MeshOptions): ServiceIndex {
  const { domainSuffix } = options;
  const services = all.services.filter((service) => hosts.has(kubernetesHost(service, domainSuffix)));
  const serviceEntries = all.serviceEntries.filter(({ spec }) =>
    spec.hosts?.some((host) => hosts.has(host.toLowerCase())),
  );
  const names = new Set<string | undefined>(services.map(objectName));
  const endpointSlices = all.endpointSlices.filter((slice) => names.has(serviceOfSlice(slice)));
  const endpoints = all.endpoints.filter((one) => names.has(objectName(one)));
  const namespaces = new Set([...services, ...serviceEntries].map(({ namespace }) => namespace));
  // A Service of Kubernetes has Pods by its slices alone; only a ServiceEntry looks for them by their labels.
  const searched = new Set(
    serviceEntries.flatMap(({ namespace, spec }) => (spec.workloadSelector === undefined ? [] : [namespace])),
  );
  const references = PodReferences.ofEndpoints(endpointSlices, endpoints);
  const workloads = new Workloads(
    {
      ...all,
      pods: all.pods.filter((pod) => searched.has(pod.namespace) || references.hasPod(pod)),
      workloadEntries: all.workloadEntries.filter(({ namespace }) => namespaces.has(namespace)),
      podMakers: all.podMakers.filter(({ namespace }) => namespaces.has(namespace)),
    },
    options,
  );
  return new ServiceIndex(
    { ...all, services, serviceEntries, endpointSlices, endpoints },
    workloads,
    domainSuffix,
  );
}
