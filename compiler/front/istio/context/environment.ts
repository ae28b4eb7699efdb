/** What rules are lowered against, for one proxy: the services, and the policies on them. */

import type { ProxyOptions } from "../../../options.ts";
import type { ResourceSet } from "../../resources/model.ts";
import { gatewayPorts } from "../../services/gateway-ports.ts";
import { Registry } from "../../services/registry.ts";
import { ServiceIndex } from "../../services/service-index.ts";
import { Workloads } from "../../services/workloads.ts";
import { DestinationRules } from "../destination-rules/destination-rules.ts";
import { scopeOf } from "./selected-gateways.ts";

export interface Environment {
  readonly workloads: Workloads;
  readonly services: ServiceIndex;
  /** Of them, those that this proxy sees. */
  readonly registry: Registry;
  readonly destinationRules: DestinationRules;
  /** What a gateway's own Service makes of the ports that Gateways name. */
  readonly gatewayPorts: ReadonlyMap<number, number>;
}

export function makeEnvironment(resources: ResourceSet, options: ProxyOptions): Environment {
  const workloads = new Workloads(resources);
  const services = new ServiceIndex(resources, workloads, options.domainSuffix);
  return {
    workloads,
    services,
    registry: new Registry(services.servicesSeenFrom(options.proxyNamespace, scopeOf(resources, options))),
    destinationRules: new DestinationRules(resources.destinationRules, options),
    gatewayPorts: gatewayPorts(resources, options),
  };
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
