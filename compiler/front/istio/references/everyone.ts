/** References as all proxies together follow them: those of every rule, from the namespaces that the rule is for. */

import { destinationsOf } from "../../resources/destinations.ts";
import type { Resource, ResourceSet, VirtualServiceSpec } from "../../resources/model.ts";
import { covers, isWildcard } from "../../services/host-names.ts";
import { byAge } from "../../services/order.ts";
import type { Service } from "../../services/service.ts";
import type { ServiceIndex } from "../../services/service-index.ts";
import type { DanglingDestination } from "../context/dangling-destination.ts";
import { ServerHosts } from "../edge/server-hosts.ts";
import {
  EGRESS_PROXY,
  type Finder,
  resolveDestination,
  resolveEgressProxy,
} from "../rules/resolve-destination.ts";
import { definedEmptySubsets, type SelectedPods } from "./defined-subsets.ts";
import { SubsetIndex } from "./subset-index.ts";
import { type GatewayInView, serversInView, type Viewer } from "./viewer.ts";

export function everyone(
  resources: ResourceSet,
  options: { readonly domainSuffix: string },
  services: ServiceIndex,
  pods: SelectedPods,
): Viewer {
  const { destinationRules } = resources;
  const subsets = new SubsetIndex(destinationRules, options.domainSuffix);
  const finderOf = finders(services, subsets, options);
  return {
    kind: "everyone",
    virtualServices: [...resources.virtualServices].sort(byAge),
    destinationRules,
    gateways: gatewaysInView(resources),
    danglingDestinations: () => danglingDestinations(resources, finderOf),
    emptySubsets: () => definedEmptySubsets(resources, services, pods, options),
    knowsHost: (host, namespace) =>
      services.findCovering(host, namespace).length > 0 ||
      services.has(host) ||
      (isWildcard(host) && [...services.hosts].some((other) => covers(host, other))),
    hosts: () => [...services.hosts],
    subsetNames: ({ viewer, resolved: { host, service } }) => subsets.names(service?.host ?? host, viewer),
  };
}

/** The namespaces whose proxies a rule is for, as far as it names them. */
export function audienceOf({ spec, namespace }: Resource<VirtualServiceSpec>): readonly string[] {
  const named = (spec.exportTo ?? [])
    .filter((scope) => scope !== "*" && scope !== "~")
    .map((scope) => (scope === "." ? namespace : scope));
  return named.length === 0 ? [namespace] : named;
}

function* danglingDestinations(
  { virtualServices, sidecars }: ResourceSet,
  finderOf: (namespace: string) => Finder,
): Generator<DanglingDestination> {
  for (const resource of sidecars) {
    const { egressProxy } = resource.spec.outboundTrafficPolicy ?? {};
    const { namespace: viewer } = resource;
    const resolved = egressProxy && resolveEgressProxy(egressProxy, viewer, finderOf(viewer));
    if (resolved !== undefined && resolved.missing.length > 0) {
      yield { resource, path: EGRESS_PROXY, viewer, resolved };
    }
  }
  for (const resource of virtualServices) {
    const viewers = audienceOf(resource);
    for (const { destination, path } of destinationsOf(resource)) {
      for (const viewer of viewers) {
        const resolved = resolveDestination(destination, resource.namespace, finderOf(viewer));
        if (resolved.missing.length > 0) {
          yield { resource, path, viewer, resolved };
        }
      }
    }
  }
}

/** What the proxies of each namespace find, whichever of them it is. */
function finders(
  services: ServiceIndex,
  subsets: SubsetIndex,
  options: { readonly domainSuffix: string },
): (namespace: string) => Finder {
  const byNamespace = new Map<string, Finder>();
  return (namespace) => {
    let finder = byNamespace.get(namespace);
    if (finder === undefined) {
      const found = new Map<string, Service | undefined>();
      const get = (host: string) => {
        if (!found.has(host)) {
          found.set(host, services.find(host, namespace));
        }
        return found.get(host);
      };
      const subset = ({ host }: { readonly host: string }, name: string) =>
        subsets.has(host, name, namespace) ? { name } : undefined;
      finder = { options, registry: { get }, destinationRules: { subset } };
      byNamespace.set(namespace, finder);
    }
    return finder;
  };
}

/** All of them, also Kubernetes' own, which say a host name for each listener or take every one. */
function gatewaysInView({ gateways, neighbours }: ResourceSet): Map<string, GatewayInView> {
  const inView = new Map<string, GatewayInView>();
  const add = ({ namespace, name }: Resource<unknown>, view: GatewayInView) => {
    const fullName = `${namespace}/${name}`;
    if (!inView.has(fullName)) {
      inView.set(fullName, view);
    }
  };
  for (const gateway of gateways) {
    add(gateway, serversInView(gateway));
  }
  for (const gateway of neighbours.filter(({ kind }) => kind === "Gateway")) {
    const { listeners } = gateway.spec as { listeners?: unknown };
    const hosts = (Array.isArray(listeners) ? listeners : []).map((listener: { hostname?: unknown } | null) =>
      String(listener?.hostname || "*"),
    );
    add(gateway, {
      hosts: new ServerHosts(hosts, gateway.namespace),
      get span() {
        return gateway.spanOf(["spec", "listeners"]);
      },
    });
  }
  return inView;
}
