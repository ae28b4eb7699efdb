/**
 * What of a set a client has to have before it serves by it: its clusters and listeners, and whatever those need. It may also be
 * told of what only a listener that drains still asks for.
 */

import type { DiscoveredType } from "../../back/xds/places.ts";
import type { Resource, ResourceSet, ResourceType } from "../../back/xds/resource-set.ts";
import type { Resources } from "./changes.ts";

type Required = Readonly<Record<ResourceType, Resources>>;

const known = new WeakMap<ResourceSet, Required>();

export function requiredOf(set: ResourceSet): Required {
  let required = known.get(set);
  if (required === undefined) {
    required = find(set);
    known.set(set, required);
  }
  return required;
}

function find(set: ResourceSet): Required {
  const named: Record<DiscoveredType, Map<string, Resource>> = {
    endpoints: new Map(),
    routes: new Map(),
    extension: new Map(),
    secret: new Map(),
  };
  for (const { needs } of [...set.cluster.values(), ...set.listener.values()]) {
    for (const { type, name } of needs) {
      // A route class is a part of a table, and comes with it.
      const needed = type === "class" ? undefined : set[type].get(name);
      if (type !== "class" && needed !== undefined) {
        named[type].set(name, needed);
      }
    }
  }
  // Nearly always everything is needed; the same map is then compared once.
  const of = (type: DiscoveredType): Resources =>
    named[type].size === set[type].size ? set[type] : named[type];
  return {
    cluster: set.cluster,
    listener: set.listener,
    endpoints: of("endpoints"),
    routes: of("routes"),
    extension: of("extension"),
    secret: of("secret"),
  };
}
