/**
 * `Sidecar.outboundTrafficPolicy.egressProxy`: a service to which everything goes that is for nobody who is registered. istiod
 * writes the name of its cluster, whether or not there is one, for requests (`buildCatchAllVirtualHost`) and for connections
 * (`buildOutboundCatchAllNetworkFiltersOnly`), and makes clusters of what the Sidecar imports (`collectImportedServices`).
 */

import { isLookedUp } from "../../../ir/discovery.ts";
import { ANY_ADDRESS } from "../../../ir/filter-chains.ts";
import type { TcpChain } from "../../../ir/ir.ts";
import { boundPort, type PortMap } from "../../../options/port-map.ts";
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

/** Where that goes which is for nobody who is registered. */
export interface Others {
  /** The cluster of requests; absent: they are answered here. */
  readonly requests?: string;
  /** Of connections in which no HTTP is read. Absent: they go nowhere. */
  readonly connections?: EgressProxy;
}

interface EgressProxy {
  readonly host: string;
  readonly cluster: string;
}

export function lowerOthers(virtualServices: readonly VirtualService[], lowering: GatheringContext): Others {
  const { sidecar, outboundPolicy, options, effects } = lowering;
  if (outboundPolicy === "REGISTRY_ONLY") {
    return {};
  }
  if (sidecar?.egressProxy === undefined) {
    return { requests: PASSTHROUGH_CLUSTER };
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
      `no egress listener imports port ${port} of "${host}"; requests for hosts that are not registered will get a 503, and other connections will be closed`,
      resource.spanOf([...EGRESS_PROXY, "host"]),
      () => ({ help: `Add ${service.namespace}/${host} to the hosts of a listener.` }),
    );
  }
  const cluster = clusterName(port, subset, host);
  // Where it is reached is asked of a request, which a connection is not.
  const hasEndpoints = service === undefined || !isLookedUp(service.discovery);
  return { requests: cluster, ...(hasEndpoints && { connections: { host, cluster } }) };
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

/** A listener of the mesh, and what it does already. */
export interface Taken {
  readonly address: string;
  /** That of the services. */
  readonly port: number;
  /** Those of the port. */
  readonly chains: readonly TcpChain[];
}

/** What a listener does with connections that none of its chains is for: nothing where some chain is for all. */
export function chainsOfOthers(
  { address, port, chains }: Taken,
  { host, cluster }: EgressProxy,
  portMap: PortMap,
): TcpChain[] {
  const unnamed = chains.filter(({ serverNames }) => serverNames.length === 0);
  const taken = unnamed.flatMap(({ addresses = ANY_ADDRESS }) => addresses);
  const free = ANY_ADDRESS.filter((range) => !taken.includes(range));
  const listener = `mesh_${port}`;
  return free.length === 0
    ? []
    : [
        {
          name: `${listener}_${chains.length}_${host}`,
          role: "mesh",
          listener,
          address,
          port: boundPort(portMap, "mesh", port),
          ...(free.length < ANY_ADDRESS.length && { addresses: free }),
          serverNames: [],
          destinations: [{ cluster, weight: 1 }],
        },
      ];
}

/** A service that is looked up by what a request asks for has nothing to send a connection to. */
export function reportLostConnections(
  { requests, connections }: Others,
  chains: readonly TcpChain[],
  { sidecar, effects }: GatheringContext,
): void {
  if (
    sidecar?.egressProxy === undefined ||
    requests === undefined ||
    connections !== undefined ||
    chains.length === 0
  ) {
    return;
  }
  const ports = [...new Set(chains.map(({ port }) => port))].sort((a, b) => a - b).join(", ");
  effects.report(
    "SL0977",
    `the egress proxy "${sidecar.egressProxy.host}" has no endpoints; connections to the listeners at ${ports} that are not HTTP do not go there`,
    sidecar.resource.spanOf(EGRESS_PROXY),
    () => ({ help: "Give its ServiceEntry endpoints, and resolution STATIC or DNS." }),
  );
}
