/**
 * Servers of mode AUTO_PASSTHROUGH, which join the networks of a mesh: TLS of a sidecar goes on, unopened, to the service that its
 * server name says. Source: istiod's `builtAutoPassthroughFilterChains` and `buildOutboundSniDnatClusters`. Who asks for another
 * name, or proposes nothing that sidecars propose, is for nobody.
 */

import { isLookedUp } from "../../../ir/discovery.ts";
import type { TcpChain } from "../../../ir/ir.ts";
import { covers } from "../../services/host-names.ts";
import { serverNameOf } from "../../services/mesh-identities.ts";
import type { Service } from "../../services/service.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import { passedOnRoute } from "../rules/tcp-routes.ts";
import { chainOf, type TcpPlace } from "./gateway-tcp.ts";

/** By which a sidecar knows TLS of the mesh: so nobody reaches a port of a workload that takes other TLS. */
const MESH_PROTOCOLS = ["istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2"];

/** A chain for each port of each service that the server is for, and of each of its subsets. `hosts` are without namespaces. */
export function lowerAutoPassthroughServer(
  place: TcpPlace,
  hosts: readonly string[],
  takenNames: Map<string, object>,
  lowering: GatheringContext,
): TcpChain[] {
  const { registry, destinationRules, workloads } = lowering;
  const passesTls = workloads.knowSidecars ? "toSidecars" : "toAll";
  const services = registry.services.filter(
    (service) => isOfMesh(service) && hosts.some((host) => covers(host, service.host)),
  );
  const chains: TcpChain[] = [];
  for (const service of services) {
    for (const { number } of service.ports.filter(({ protocol }) => protocol !== "udp")) {
      for (const subset of ["", ...destinationRules.subsetNames(service)]) {
        const name = serverNameOf(service, number, subset).toLowerCase();
        // Of two servers with hosts in common, the older has it.
        if (takenNames.has(name)) {
          continue;
        }
        takenNames.set(name, service);
        chains.push({
          ...chainOf(place),
          name: `${place.name}_${name}`,
          serverNames: [name],
          readsServerName: true,
          applicationProtocols: MESH_PROTOCOLS,
          ...passedOnRoute(service, number, subset, passesTls, lowering),
        });
      }
    }
  }
  return chains;
}

/** What is looked up when it is asked for has no name here that could be. */
function isOfMesh({ isExternal, discovery }: Service): boolean {
  return isExternal === undefined && !isLookedUp(discovery);
}
