/**
 * Plans how an Envoy gets from one set of resources to another while it serves, make before break:
 *
 *     1  clusters and endpoints   the old ones and the new ones
 *     2  listeners                the old ones and the new ones; a new one has its rules from the start
 *        route classes            the old ones and the new ones: rules name them
 *     3  rules                    the new ones, for every listener
 *
 * From there on the new rules serve. What only the old ones use goes later (`removal.ts`), each thing when its time has come:
 * requests that the old rules decided may still be on their way to it.
 *
 * In each step whatever a resource names is there. Pure: how a step reaches Envoy, and how Envoy says that it has taken it,
 * is its delivery's.
 */

import { keyOf, namedIn, type Resource, type ResourceSet } from "../../back/xds/resource-set.ts";
import { ForeignResource } from "../ads/foreign.ts";
import { onceForTwo } from "../ads/once-for-two.ts";
import { differenceOf } from "./difference.ts";
import { bothOf, listenersOfBoth, routesOfBoth } from "./superset.ts";

export type StepName = "clusters" | "listeners" | "rules" | "removal";

export interface Step {
  readonly name: StepName;
  readonly from: ResourceSet;
  readonly to: ResourceSet;
}

/** The steps by which the new rules come to serve; those that change nothing are left out. The same for the same two sets. */
export const planSteps = onceForTwo(plan);

function plan(before: ResourceSet, after: ResourceSet): readonly Step[] {
  const clusters: ResourceSet = {
    ...before,
    cluster: bothOf(before.cluster, after.cluster),
    endpoints: bothOf(before.endpoints, after.endpoints),
    secret: bothOf(before.secret, after.secret),
  };

  const read = namedIn(before);
  const isComing = ([, resource]: readonly [string, Resource]) => !read.has(keyOf(resource));
  // Classes that nobody here has made go with the rules that name them, and not before.
  const isForeign = (name: string) => before.routes.get(name) instanceof ForeignResource;
  const routes = new Map(
    [...after.routes]
      .filter((entry) => (entry[1].classes !== undefined && !isForeign(entry[0])) || isComing(entry))
      .map(([name, newer]) => [name, routesOfBoth(before.routes.get(name), newer)] as const),
  );
  const listeners: ResourceSet = {
    ...clusters,
    listener: listenersOfBoth(before.listener, after.listener),
    routes: bothOf(before.routes, routes),
    // Nobody reads these yet, or only connections of a listener that was gone.
    extension: bothOf(before.extension, new Map([...after.extension].filter(isComing))),
  };

  const rules: ResourceSet = {
    ...listeners,
    // Where a listener has a filter's program, that is its rules, and its routes are classes. Else its routes are.
    routes: bothOf(
      listeners.routes,
      new Map([...after.routes].filter(([name, { classes }]) => classes === undefined || isForeign(name))),
    ),
    extension: bothOf(before.extension, after.extension),
  };

  const steps: Step[] = [];
  let from = before;
  const add = (name: StepName, to: ResourceSet) => {
    const { changed, removed } = differenceOf(from, to);
    if (changed.length + removed.length > 0) {
      steps.push({ name, from, to });
      from = to;
    }
  };
  add("clusters", clusters);
  add("listeners", listeners);
  add("rules", rules);
  return steps;
}
