/**
 * `Sidecar.outboundTrafficPolicy.egressProxy`: a service to which requests go for hosts that nobody registered, in place of
 * these hosts. istiod (`buildCatchAllVirtualHost`) writes the name of its cluster, whether or not there is one, and makes clusters of
 * what the Sidecar imports (`collectImportedServices`).
 */

import type { TcpChain } from "../../../ir/ir.ts";
import { destinationsOf } from "../../resources/destinations.ts";
import { clusterName, clusterUse } from "../../services/cluster-uses.ts";
import { resolveHost } from "../../services/host-names.ts";
import type { Service } from "../../services/service.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import type { SidecarScope } from "../context/sidecar-scope.ts";
import { PASSTHROUGH_CLUSTER } from "../policies/passthrough.ts";
import { MESH } from "../rules/gateway-names.ts";
import { EGRESS_PROXY, resolveEgressProxy } from "../rules/resolve-destination.ts";
import type { VirtualService } from "../rules/virtual-services.ts";

/** Where requests go for hosts that nobody registered; undefined where they are answered here. */
export function clusterOfOthers(
  virtualServices: readonly VirtualService[],
  lowering: GatheringContext,
): string | undefined {
  const { sidecar, outboundPolicy, options, effects } = lowering;
  if (outboundPolicy === "REGISTRY_ONLY") {
    return undefined;
  }
  if (sidecar?.egressProxy === undefined) {
    return PASSTHROUGH_CLUSTER;
  }
  const { resource, egressProxy } = sidecar;
  const resolved = resolveEgressProxy(egressProxy, resource.namespace, lowering);
  const { host, service, port = 0, subset, missing } = resolved;
  if (service === undefined || missing.length > 0) {
    const first = { ...resolved, missing: missing.slice(0, 1) };
    effects.dangling.push({ resource, path: EGRESS_PROXY, viewer: options.proxyNamespace, resolved: first });
  } else if (
    isImported(service, port, sidecar) ||
    virtualServices.some((rules) => leadsTo(rules, service, port, options.domainSuffix))
  ) {
    const span = resource.spanOf([...EGRESS_PROXY, subset === "" ? "host" : "subset"]);
    effects.uses.push(clusterUse(service, port, subset, { span }));
  } else {
    effects.report(
      "SL0976",
      `no egress listener imports port ${port} of "${host}"; requests for hosts that are not registered will get a 503`,
      resource.spanOf([...EGRESS_PROXY, "host"]),
      () => ({ help: `Add ${service.namespace}/${host} to the hosts of a listener.` }),
    );
  }
  return clusterName(port, subset, host);
}

/** A listener for one port imports of a service that port alone. */
function isImported(service: Service, port: number, sidecar: SidecarScope): boolean {
  return sidecar.listeners.length === 0
    ? sidecar.imports(service)
    : sidecar.listeners.some(
        (listener) => (listener.isProxy || (listener.port ?? port) === port) && listener.imports(service),
      );
}

function leadsTo(
  { gateways, resource }: VirtualService,
  { host }: Service,
  port: number,
  domainSuffix: string,
): boolean {
  return (
    gateways.includes(MESH) &&
    [...destinationsOf(resource)].some(
      ({ destination }) =>
        (destination.port?.number ?? port) === port &&
        resolveHost(destination.host, resource.namespace, domainSuffix) === host,
    )
  );
}

/** istiod sends there whatever connection is for no chain; here a listener is for its services alone. */
export function reportConnectionsOfOthers(
  chains: readonly TcpChain[],
  { sidecar, effects }: GatheringContext,
): void {
  if (sidecar?.egressProxy === undefined || chains.length === 0) {
    return;
  }
  const ports = [...new Set(chains.map(({ port }) => port))].sort((a, b) => a - b).join(", ");
  effects.report(
    "SL0977",
    `of connections to the listeners at ${ports}, those other than HTTP never go to the egress proxy`,
    sidecar.resource.spanOf(EGRESS_PROXY),
  );
}
