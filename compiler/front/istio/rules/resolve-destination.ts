/**
 * What the destination of a rule means to those who obey the rule: a service, one of its ports, one of its subsets, or
 * which of these are missing. Routes are lowered by it, and unknown names are told by it, so that both always agree.
 */

import type { Destination, Subset } from "../../resources/model.ts";
import { resolveHost } from "../../services/host-names.ts";
import { aliasTarget, type Service } from "../../services/service.ts";
import type { ResolvedDestination } from "../context/dangling-destination.ts";
import type { Site } from "../context/site.ts";
import { MESH } from "./gateway-names.ts";

/** Who looks for a name, and what is found from there. */
export interface Finder {
  readonly options: { readonly domainSuffix: string };
  readonly registry: { get(host: string): Service | undefined };
  readonly destinationRules: {
    subset(service: Pick<Service, "host" | "namespace">, name: string): Pick<Subset, "name"> | undefined;
  };
}

/** Where a Sidecar says to whom requests go for hosts that nobody registered. */
export const EGRESS_PROXY = ["spec", "outboundTrafficPolicy", "egressProxy"] as const;

/**
 * That of a Sidecar's `egressProxy`, whose host istiod takes as it is written: short names are not expanded, and what a Service of
 * type ExternalName stands for is not looked for.
 */
export function resolveEgressProxy(
  { host: written, port, subset = "" }: Destination,
  namespace: string,
  { registry, destinationRules }: Pick<Finder, "registry" | "destinationRules">,
): ResolvedDestination {
  const host = written.toLowerCase();
  const named = registry.get(host);
  const service = named?.aliasOf === undefined ? named : undefined;
  const missing: ("host" | "port" | "subset")[] = [];
  if (service === undefined) {
    missing.push("host");
  } else if (service.ports.every(({ number }) => number !== port?.number)) {
    missing.push("port");
  }
  if (subset !== "" && destinationRules.subset(service ?? { host, namespace }, subset) === undefined) {
    missing.push("subset");
  }
  return { host, service, port: port?.number, subset, missing };
}

/** Without a site, a port that is not written is not looked for. */
export function resolveDestination(
  destination: Destination,
  namespace: string,
  { registry, destinationRules, options }: Finder,
  site?: Site,
): ResolvedDestination {
  const written = resolveHost(destination.host, namespace, options.domainSuffix);
  const named = registry.get(written);
  // istiod makes no cluster for another name, whoever it stands for: that has to be a service.
  const host = named?.aliasOf ?? written;
  const service = named?.aliasOf === undefined ? named : aliasTarget(named, registry);
  const port = destination.port?.number ?? (site && impliedPort(named, site));
  const subset = destination.subset ?? "";
  const missing: ("host" | "port" | "subset")[] = [];
  if (service === undefined) {
    missing.push("host");
  } else if (port !== undefined && service.ports.every(({ number }) => number !== port)) {
    missing.push("port");
  }
  if (subset !== "" && destinationRules.subset(service ?? { host, namespace }, subset) === undefined) {
    missing.push("subset");
  }
  return { host, ...(host !== written && { alias: written }), service, port, subset, missing };
}

/**
 * The port of a destination that names none. In the mesh istiod knows a service only by the port that the request
 * asks for; at a gateway, by all of them, and takes the only one.
 */
function impliedPort(service: Service | undefined, site: Site): number {
  const only = service?.ports.length === 1 ? service.ports[0] : undefined;
  return site.gateway !== MESH && only !== undefined ? only.number : site.port;
}
