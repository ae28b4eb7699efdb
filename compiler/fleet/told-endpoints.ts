/** How many endpoints proxies are told of a cluster: what is wrong with them there, a fleet does not know. */

import type { Resource, ResourceSet } from "../back/xds/resource-set.ts";

/** A resource never changes. */
const counted = new WeakMap<Resource<"endpoints">, number>();

/** By the names of clusters. */
export function endpointCounts({ endpoints }: ResourceSet): ReadonlyMap<string, number> {
  return new Map([...endpoints].map(([name, resource]) => [name, countOf(resource)]));
}

function countOf(resource: Resource<"endpoints">): number {
  let count = counted.get(resource);
  if (count === undefined) {
    const { endpoints } = resource.message;
    count = endpoints.reduce((sum, { lb_endpoints }) => sum + lb_endpoints.length, 0);
    counted.set(resource, count);
  }
  return count;
}
