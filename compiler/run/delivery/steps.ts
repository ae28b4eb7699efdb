/**
 * Plans how an Envoy gets from one set of resources to another while it serves, make before break:
 *
 *     1  clusters and endpoints   the old ones and the new ones
 *     2  listeners                the old ones and the new ones; a new one has its rules from the start
 *        route classes            the old ones and the new ones: rules name them
 *     3  rules                    the new ones, for every listener
 *     4  what nothing uses any more is removed, but for the endpoints of clusters that are removed just now
 *     5  those, too
 *
 * In each step whatever a resource names is there. The last one is the new set with the rules and secrets of listeners
 * that are gone: such a listener goes on reading them until its last connection has drained.
 *
 * Pure: how a step reaches Envoy, and how Envoy says that it has taken it, is its delivery's.
 */

import { keyOf, namedIn, type Resource, type ResourceSet } from "../../back/xds/resource-set.ts";
import { differenceOf } from "./difference.ts";
import { bothOf, listenersOfBoth, routesOfBoth } from "./superset.ts";

export type StepName = "clusters" | "listeners" | "rules" | "removal";

export interface Step {
  readonly name: StepName;
  readonly from: ResourceSet;
  readonly to: ResourceSet;
}

/** The steps from one set to another; those that change nothing are left out. */
export function planSteps(before: ResourceSet, after: ResourceSet): Step[] {
  const read = namedIn(before);
  const isComing = ([, resource]: readonly [string, Resource]) => !read.has(keyOf(resource));
  const comingRoutes = [...after.routes]
    .filter(isComing)
    .map(([name, newer]) => [name, routesOfBoth(before.routes.get(name), newer)] as const);
  const clusters: ResourceSet = {
    ...before,
    cluster: bothOf(before.cluster, after.cluster),
    endpoints: bothOf(before.endpoints, after.endpoints),
    secret: bothOf(before.secret, after.secret),
    // Nobody reads these yet; they are there when their listener comes.
    routes: bothOf(before.routes, new Map(comingRoutes)),
    extension: bothOf(before.extension, new Map([...after.extension].filter(isComing))),
  };

  const routes = new Map(clusters.routes);
  for (const [name, newer] of after.routes) {
    if (newer.classes !== undefined) {
      routes.set(name, routesOfBoth(before.routes.get(name), newer));
    }
  }
  const listeners: ResourceSet = {
    ...clusters,
    listener: listenersOfBoth(before.listener, after.listener),
    routes,
  };

  const rules: ResourceSet = {
    ...listeners,
    // Where a listener has a filter's program, that is its rules, and its routes are classes. Else its routes are.
    routes: bothOf(routes, new Map([...after.routes].filter(([, { classes }]) => classes === undefined))),
    extension: bothOf(before.extension, after.extension),
  };

  const last: ResourceSet = {
    ...after,
    // A listener that is gone goes on reading its rules and secrets until its last connection has drained.
    routes: bothOf(before.routes, after.routes),
    extension: bothOf(before.extension, after.extension),
    secret: bothOf(before.secret, after.secret),
  };
  const removal: ResourceSet = {
    ...last,
    // A cluster that is gone asks for its endpoints once more before Envoy drops it, and warns when nobody has them.
    endpoints: bothOf(before.endpoints, after.endpoints),
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
  add("removal", removal);
  add("removal", last);
  return steps;
}
