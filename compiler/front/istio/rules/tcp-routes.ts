/** `route` of `tcp` and `tls` rules, and what a DestinationRule says of connections that are passed on as they are. */

import { isIP } from "node:net";
import { isLookedUp } from "../../../ir/discovery.ts";
import type { ConnectionOrigin, TcpChain } from "../../../ir/ir.ts";
import { describeResource } from "../../resources/describe-resource.ts";
import type { RouteDestination, TrafficPolicy } from "../../resources/model.ts";
import { durationMs } from "../../resources/schema/duration.ts";
import { clusterName, clusterUse, type PassesTls } from "../../services/cluster-uses.ts";
import { resolveHost } from "../../services/host-names.ts";
import { serverNameOf } from "../../services/mesh-identities.ts";
import { goesByAddress, type Service } from "../../services/service.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import type { Site } from "../context/site.ts";
import type { EffectivePolicy } from "../destination-rules/traffic-policy.ts";
import { destinationCluster } from "./destinations.ts";
import { MESH } from "./gateway-names.ts";
import type { VirtualService } from "./virtual-services.ts";

export type TcpRoute = Pick<
  TcpChain,
  | "destinations"
  | "idleTimeoutMs"
  | "maxConnectionDurationMs"
  | "hashesSource"
  | "lookupPort"
  | "tunnel"
  | "origin"
>;

/** Which rule of a VirtualService, and which of its matches where it is one alone. */
export type RuleAt = Pick<ConnectionOrigin, "list" | "rule" | "match">;

/** Undefined when every weight is 0. */
export function lowerTcpRoute(
  route: readonly RouteDestination[] = [],
  at: RuleAt,
  virtualService: VirtualService,
  site: Site,
  lowering: GatheringContext,
): TcpRoute | undefined {
  const { resource } = virtualService;
  const rulePath = ["spec", at.list, at.rule];
  const used =
    route.length === 1 ? route.map((one) => ({ ...one, weight: 1 })) : route.filter(({ weight }) => weight);
  const destinations = used.map(({ destination, weight = 1 }) => {
    const index = route.findIndex((one) => one.destination === destination);
    const path = [...rulePath, "route", index, "destination"];
    return { cluster: destinationCluster(destination, path, virtualService, site, lowering), weight };
  });
  if (destinations.length === 0) {
    return undefined;
  }
  const services = used.map(({ destination: { host, port, subset } }) => {
    const named = lowering.registry.get(resolveHost(host, resource.namespace, lowering.options.domainSuffix));
    const service = named && (lowering.registry.aliasTarget(named) ?? named);
    return { service, port: port?.number ?? site.port, subset };
  });
  const span = resource.spanOf(at.match === undefined ? rulePath : [...rulePath, "match", at.match]);
  return {
    destinations,
    ...settingsOf(services, site.gateway !== MESH, lowering),
    origin: { resource: describeResource(resource), ...at, span },
  };
}

/** What a service gets that no rule speaks of. */
export function defaultTcpRoute(service: Service, port: number, lowering: GatheringContext): TcpRoute {
  lowering.effects.uses.push(clusterUse(service, port));
  return {
    destinations: [{ cluster: clusterName(port, "", service.host), weight: 1 }],
    ...settingsOf([{ service, port, subset: undefined }], false, lowering),
  };
}

/** Where TLS of the mesh goes on to, as the name says that sidecars ask for. */
export function passedOnRoute(
  service: Service,
  port: number,
  subset: string,
  passesTls: PassesTls,
  lowering: GatheringContext,
): TcpRoute {
  const name = serverNameOf(service, port, subset);
  lowering.effects.uses.push({ name, service, port, subset, passesTls });
  const { tunnel: _, ...settings } = settingsOf([{ service, port, subset }], true, lowering);
  return { destinations: [{ cluster: name, weight: 1 }], ...settings };
}

interface Reached {
  readonly service: Service | undefined;
  readonly port: number;
  readonly subset: string | undefined;
}

function tunnelTo({ protocol, targetHost = "", targetPort }: Tunnel): NonNullable<TcpRoute["tunnel"]> {
  const host = isIP(targetHost) === 6 ? `[${targetHost}]` : targetHost;
  return { method: protocol === "POST" ? "POST" : "CONNECT", target: `${host}:${targetPort}` };
}

type Tunnel = NonNullable<TrafficPolicy["tunnel"]>;

/** istiod asks the first destination. */
function settingsOf(
  reached: readonly Reached[],
  atEdge: boolean,
  { destinationRules }: LoweringContext,
): Omit<TcpRoute, "destinations" | "origin"> {
  const [first] = reached;
  const lookedUp = reached.find(
    ({ service, port }) =>
      service !== undefined &&
      isLookedUp(service.discovery) &&
      // At an edge, an address is its own.
      (atEdge || !goesByAddress(service, port)),
  );
  const { service, port = 0, subset = "" } = first ?? {};
  const { connectionPool, loadBalancer } = service
    ? destinationRules.policyOf(service, subset, port)
    : ({} as EffectivePolicy);
  // Of several destinations, istiod asks the host's policy alone.
  const tunnel = service && destinationRules.tunnelOf(service, reached.length === 1 ? subset : "");
  const idleTimeoutMs = durationMs(connectionPool?.tcp?.idleTimeout);
  const maxConnectionDurationMs = durationMs(connectionPool?.tcp?.maxConnectionDuration);
  return {
    ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
    ...(maxConnectionDurationMs !== undefined && { maxConnectionDurationMs }),
    ...(loadBalancer?.consistentHash?.useSourceIp === true && { hashesSource: true as const }),
    ...(lookedUp && { lookupPort: lookedUp.port }),
    ...(tunnel && { tunnel: tunnelTo(tunnel) }),
  };
}
