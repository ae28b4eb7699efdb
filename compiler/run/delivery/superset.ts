/**
 * Resources of two sets at once. While a change is under way, and while requests decided by the old rules still wait,
 * both sets of rules find what they name.
 */

import { isHttpConnectionManager } from "../../back/xds/http-connection-manager.ts";
import type { EnvoyFilterChain } from "../../back/xds/listener.ts";
import type { Extension } from "../../back/xds/protobuf.ts";
import { Resource, type ResourceType } from "../../back/xds/resource-set.ts";
import { resourceWithClasses } from "../../back/xds/resources.ts";

type Named<Type extends ResourceType> = ReadonlyMap<string, Resource<Type>>;

/** The resources of both; where both have a name, the newer one. */
export function bothOf<Type extends ResourceType>(older: Named<Type>, newer: Named<Type>): Named<Type> {
  const kept = [...older].filter(([name]) => !newer.has(name));
  return kept.length === 0 ? newer : new Map([...newer, ...kept]);
}

/** Those of both; where both have a name, the newer one with what only the older one can serve. */
export function listenersOfBoth(older: Named<"listener">, newer: Named<"listener">): Named<"listener"> {
  const serving = [...newer].map(
    ([name, listener]) => [name, withFiltersOf(older.get(name), listener)] as const,
  );
  return bothOf(older, new Map(serving));
}

/** A class is named after its content, so a name that both tables have means the same. */
export function routesOfBoth(
  older: Resource<"routes"> | undefined,
  newer: Resource<"routes">,
): Resource<"routes"> {
  return routesWith(newer, older, () => true);
}

/** A table of classes, with those of an older one that are to be kept. */
export function routesWith(
  newer: Resource<"routes">,
  older: Resource<"routes"> | undefined,
  isKept: (name: string) => boolean,
): Resource<"routes"> {
  if (older?.classes === undefined || newer.classes === undefined) {
    return newer;
  }
  const { classes } = newer;
  const kept = [...older.classes].filter(([name]) => !classes.has(name) && isKept(name));
  return kept.length === 0 ? newer : resourceWithClasses(newer, new Map([...classes, ...kept]));
}

/** A listener with the HTTP filters that only the old one has: rules that need them are still served. */
export function withFiltersOf(
  older: Resource<"listener"> | undefined,
  newer: Resource<"listener">,
): Resource<"listener"> {
  if (older === undefined) {
    return newer;
  }
  const before = new Map(older.message.filter_chains.map((chain) => [chain.name, chain]));
  const chains = newer.message.filter_chains.map((chain) =>
    chainWithFiltersOf(before.get(chain.name), chain),
  );
  if (chains.every((chain, index) => chain === newer.message.filter_chains[index])) {
    return newer;
  }
  return new Resource({
    ...newer,
    message: { ...newer.message, filter_chains: chains },
  });
}

type Chain = Pick<EnvoyFilterChain, "name" | "filters">;

function chainWithFiltersOf(older: Chain | undefined, newer: Chain): Chain {
  const [oldFilter] = older?.filters ?? [];
  const [filter, ...rest] = newer.filters as readonly [Extension, ...Extension[]];
  if (oldFilter === undefined || !isHttpConnectionManager(oldFilter) || !isHttpConnectionManager(filter)) {
    return newer;
  }
  const before = oldFilter.typed_config.http_filters;
  const after = new Map(filter.typed_config.http_filters.map((one) => [one.name, one]));
  const isCovered = before.filter(({ name }) => after.has(name)).length === after.size;
  if (!isCovered || before.length === after.size) {
    return newer;
  }
  const filters = before.map((one) => after.get(one.name) ?? one);
  const manager = { ...filter, typed_config: { ...filter.typed_config, http_filters: filters } };
  return { ...newer, filters: [manager, ...rest] };
}
