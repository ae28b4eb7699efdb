/** The endpoints of a cluster as they are now, with those beside them that were there before. */

import type { LoadAssignment, LocalityEndpoints } from "../../back/xds/endpoints.ts";

type LbEndpoint = LocalityEndpoints["lb_endpoints"][number];

/** How many endpoints there are, whatever is known of their health. */
export function countEndpoints({ endpoints }: LoadAssignment): number {
  return endpoints.reduce((sum, { lb_endpoints }) => sum + lb_endpoints.length, 0);
}

/**
 * What is there now is told as it is now. What is there no more stays as it was, in its locality and at its priority; a
 * locality that has such endpoints weighs what it weighed.
 */
export function keepBeside<Assignment extends LoadAssignment>(
  now: Assignment,
  before: LoadAssignment,
): Assignment {
  const present = new Set(now.endpoints.flatMap(({ lb_endpoints }) => lb_endpoints.map(addressOf)));
  const groups = new Map(now.endpoints.map((group) => [placeOf(group), group]));
  for (const group of before.endpoints) {
    const kept = group.lb_endpoints.filter((endpoint) => !present.has(addressOf(endpoint)));
    if (kept.length > 0) {
      const place = placeOf(group);
      const others = groups.get(place)?.lb_endpoints ?? [];
      groups.set(place, { ...group, lb_endpoints: [...others, ...kept] });
    }
  }
  return { ...now, endpoints: [...groups.values()] };
}

function addressOf({ endpoint }: LbEndpoint): string {
  return JSON.stringify(endpoint.address);
}

function placeOf({ locality, priority = 0 }: LocalityEndpoints): string {
  return JSON.stringify([priority, locality ? [locality.region, locality.zone, locality.sub_zone] : ""]);
}
