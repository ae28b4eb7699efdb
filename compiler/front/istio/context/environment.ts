/** What rules are lowered against, for one proxy: the services, and the policies on them. */

import type { OutboundPolicy, ProxyOptions } from "../../../options.ts";
import type { ResourceSet } from "../../resources/model.ts";
import { gatewayPorts } from "../../services/gateway-ports.ts";
import { Registry } from "../../services/registry.ts";
import type { Scope } from "../../services/scope.ts";
import { ServiceIndex } from "../../services/service-index.ts";
import { Workloads } from "../../services/workloads.ts";
import { DestinationRules } from "../destination-rules/destination-rules.ts";
import { scopeOf } from "./selected-gateways.ts";
import { type SidecarScope, sidecarScope } from "./sidecar-scope.ts";

export interface Environment {
  readonly workloads: Workloads;
  readonly services: ServiceIndex;
  /** Of them, those that this proxy sees. */
  readonly registry: Registry;
  readonly destinationRules: DestinationRules;
  /** What keeps something from the mesh listeners of this proxy. */
  readonly sidecar: SidecarScope | undefined;
  /** What becomes of requests to the mesh for hosts that nobody registered. */
  readonly outboundPolicy: OutboundPolicy;
  /** What a gateway's own Service makes of the ports that Gateways name. */
  readonly gatewayPorts: ReadonlyMap<number, number>;
}

export function makeEnvironment(resources: ResourceSet, options: ProxyOptions): Environment {
  const workloads = new Workloads(resources);
  const services = new ServiceIndex(resources, workloads, options.domainSuffix);
  const sidecar = sidecarScope(resources, options);
  return {
    workloads,
    services,
    registry: registryOf(services, scopeOf(resources, options), sidecar, options),
    destinationRules: new DestinationRules(resources.destinationRules, options),
    sidecar,
    outboundPolicy: sidecar?.outboundPolicy ?? options.outboundPolicy,
    gatewayPorts: gatewayPorts(resources, options),
  };
}

function registryOf(
  services: ServiceIndex,
  scope: Scope,
  sidecar: SidecarScope | undefined,
  { proxyNamespace }: ProxyOptions,
): Registry {
  const all = services.servicesSeenFrom(proxyNamespace, scope);
  // Whatever a rule leads to that a Sidecar imports is known to istiod, imported or not.
  return sidecar === undefined
    ? new Registry(all)
    : new Registry(services.servicesSeenFrom(proxyNamespace, scope, sidecar.imports), all);
}

/**
 * All that an environment is made of, and the texts it stands in: when those change, so do the places that findings
 * name. Two lists with the same items make the same environment.
 */
export function ingredients(resources: ResourceSet, options: ProxyOptions): readonly unknown[] {
  const lists = [
    resources.services,
    resources.endpointSlices,
    resources.endpoints,
    resources.pods,
    resources.nodes,
    resources.podMakers,
    resources.workloadEntries,
    resources.serviceEntries,
    resources.destinationRules,
    resources.sidecars,
  ];
  return [
    options,
    scopeOf(resources, options),
    ...lists.flatMap((list) => [
      list.length,
      ...list.flatMap(({ document, span, offset }) => [document, span.file, offset]),
    ]),
  ];
}
