/**
 * What rules are lowered against: the services, and the policies on them. Made anew only when something of it has
 * changed, so that whoever sees the same object again knows that nothing has.
 */

import type { ProxyOptions } from "../../options.ts";
import type { ResourceSet } from "../resources/model.ts";
import { buildRegistry, type Registry } from "../services/registry.ts";
import { Workloads } from "../services/workloads.ts";
import { DestinationRules } from "./policies/destination-rules.ts";

export interface Environment {
  readonly workloads: Workloads;
  readonly registry: Registry;
  readonly destinationRules: DestinationRules;
}

let last: { readonly environment: Environment; readonly madeOf: readonly unknown[] } | undefined;

export function environmentOf(resources: ResourceSet, options: ProxyOptions): Environment {
  const madeOf = ingredients(resources, options);
  if (last?.madeOf.length === madeOf.length && last.madeOf.every((one, i) => one === madeOf[i])) {
    return last.environment;
  }
  const workloads = new Workloads(resources);
  const environment = {
    workloads,
    registry: buildRegistry(resources, workloads, options),
    destinationRules: new DestinationRules(resources.destinationRules, options),
  };
  last = { environment, madeOf };
  return environment;
}

/** All that is not a rule, and the texts it stands in: when those change, so do the places that findings name. */
function ingredients(resources: ResourceSet, options: ProxyOptions): unknown[] {
  const { services, endpointSlices, endpoints, pods, workloadEntries, serviceEntries, destinationRules } =
    resources;
  const lists = [
    services,
    endpointSlices,
    endpoints,
    pods,
    workloadEntries,
    serviceEntries,
    destinationRules,
  ];
  return [
    options,
    ...lists.flatMap((list) => [
      list.length,
      ...list.flatMap(({ document, span, offset }) => [document, span.file, offset]),
    ]),
  ];
}
