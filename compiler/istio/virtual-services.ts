/** The VirtualServices that this proxy sees, with their names resolved, in the order in which they are applied. */

import type { ProxyOptions } from "../options.ts";
import { resolveHost } from "./host-names.ts";
import type { Resource, ResourceSet, VirtualServiceSpec } from "./model.ts";
import { byAge } from "./order.ts";
import { EXPOSURES, exposure } from "./visibility.ts";

/** The reserved name of no Gateway: the traffic between services. */
export const MESH = "mesh";

export interface VirtualService {
  readonly resource: Resource<VirtualServiceSpec>;
  /** Fully qualified; the index is that of `spec.hosts`. */
  readonly hosts: readonly string[];
  /** `mesh`, or `namespace/name` of a Gateway. */
  readonly gateways: readonly string[];
}

/** Those without hosts are left out: they serve only those that delegate to them. */
export function visibleVirtualServices(
  { virtualServices }: ResourceSet,
  { proxyNamespace, domainSuffix }: ProxyOptions,
): VirtualService[] {
  const seen = [...virtualServices].sort(byAge).map((resource) => ({
    resource,
    exposure: exposure(resource.spec.exportTo, resource.namespace, proxyNamespace),
  }));
  return EXPOSURES.flatMap((wanted) => seen.filter(({ exposure }) => exposure === wanted))
    .map(({ resource }) => ({
      resource,
      hosts: (resource.spec.hosts ?? []).map((host) => resolveHost(host, resource.namespace, domainSuffix)),
      gateways: gatewayNames(resource.spec.gateways, resource.namespace),
    }))
    .filter(({ hosts }) => hosts.length > 0);
}

/** An empty list means the mesh. */
function gatewayNames(names: readonly string[] | undefined, namespace: string): string[] {
  return names === undefined || names.length === 0
    ? [MESH]
    : names.map((name) => resolveGatewayName(name, namespace));
}

/**
 * `name`, `namespace/name` and `./name`; also the old form that looks like the host of a service,
 * `name.namespace.svc.cluster.local`.
 */
export function resolveGatewayName(name: string, namespace: string): string {
  if (name === MESH) {
    return name;
  }
  const slash = name.indexOf("/");
  if (slash >= 0) {
    return name.slice(0, slash) === "." ? `${namespace}${name.slice(slash)}` : name;
  }
  const [first = "", second] = name.split(".");
  return second === undefined ? `${namespace}/${first}` : `${second}/${first}`;
}

export function describe({ kind, namespace, name }: Resource<unknown>): string {
  return `${kind} ${namespace}/${name}`;
}
