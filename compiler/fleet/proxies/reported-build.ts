/**
 * What a proxy has that comes back to a server which did not give it that, or does not remember: the proxy names versions, and a
 * version is a digest, so among the revisions that are known there is the very resource. A change can then begin with what is
 * there, also where another server was stopped in the middle of one.
 */

import type { Resource, ResourceSet, ResourceType } from "../../back/xds/resource-set.ts";
import { ForeignResource } from "../../run/ads/foreign.ts";
import type { LiveBuild } from "../../run/delivery/live-configuration.ts";
import { NOTHING } from "../../run/delivery/nothing.ts";
import { routesOfBoth, withFiltersOf } from "../../run/delivery/superset.ts";

/** Type → name → version. */
export type Reported = ReadonlyMap<ResourceType, ReadonlyMap<string, string>>;

/** Whether a proxy has anything yet. */
export function hasAnything(reported: Reported): boolean {
  return [...reported.values()].some((versions) => versions.size > 0);
}

/**
 * As if it had been told that here; `undefined` when it has nothing. `known`: builds of its scope, the likeliest first. Rules that none
 * of them has, and clusters that none has a name for, may be in use: they stay as they are, until others take their place in the
 * steps of a change. Everything else that nobody knows goes at once.
 *
 * An Envoy that waits for endpoints of clusters says nothing of its clusters before it has them (tried with 1.36 and 1.40): it may
 * have any that are known, and gets them all, each with endpoints.
 */
export function reportedBuild(reported: Reported, known: readonly LiveBuild[]): LiveBuild | undefined {
  const [first, ...others] = known;
  if (first === undefined || !hasAnything(reported)) {
    return undefined;
  }
  const set: Record<ResourceType, Map<string, Resource>> = {
    cluster: new Map(),
    endpoints: new Map(),
    listener: new Map(),
    routes: new Map(),
    extension: new Map(),
    secret: new Map(),
  };
  const matches = new Map<LiveBuild, number>();
  for (const type of Object.keys(NOTHING) as ResourceType[]) {
    for (const [name, version] of reported.get(type) ?? []) {
      for (const build of known) {
        const resource: Resource | undefined = build.resources[type].get(name);
        if (resource?.version === version) {
          set[type].set(name, resource);
          matches.set(build, (matches.get(build) ?? 0) + 1);
        } else if (resource !== undefined && !set[type].has(name) && !areRules(resource)) {
          // Another version is better than none: a cluster without endpoints would answer with errors.
          set[type].set(name, resource);
        }
      }
      if (set[type].get(name)?.version === version) {
        continue;
      }
      // In the middle of a change, and for a while after it, a proxy has both of what two revisions have.
      const all = allOf(type, name, known);
      if (all !== undefined) {
        set[type].set(name, all);
      } else if (!set[type].has(name) && STAYING.has(type)) {
        set[type].set(name, new ForeignResource(type, name, version));
      }
    }
  }
  for (const [name, version] of reported.get("routes") ?? []) {
    // Rules name classes of their own: those of others will not do.
    if (set.extension.get(name) instanceof ForeignResource && set.routes.get(name)?.version !== version) {
      set.routes.set(name, new ForeignResource("routes", name, version));
    }
  }
  if (!reported.has("cluster")) {
    addMissing(set.cluster, known, "cluster");
  }
  addMissing(set.endpoints, known, "endpoints", (name) => set.cluster.has(name));
  const of = (build: LiveBuild) => matches.get(build) ?? 0;
  const likeliest = others.reduce((best, build) => (of(build) > of(best) ? build : best), first);
  return { ...likeliest, resources: set as unknown as ResourceSet };
}

/** What may be in use though nobody knows it. */
const STAYING: ReadonlySet<ResourceType> = new Set(["cluster", "endpoints", "extension", "routes"]);

/** New rules come after the clusters that they name. */
function areRules({ type, classes }: Resource): boolean {
  return type === "extension" || (type === "routes" && classes === undefined);
}

/** What the likeliest build has that has it. */
function addMissing(
  to: Map<string, Resource>,
  known: readonly LiveBuild[],
  type: ResourceType,
  isMissed: (name: string) => boolean = () => true,
): void {
  for (const { resources } of known) {
    for (const [name, resource] of resources[type]) {
      if (!to.has(name) && isMissed(name)) {
        to.set(name, resource);
      }
    }
  }
}

/** Everything that any of the builds has under a name, as far as it can be had together: whichever rules serve find what they need. */
function allOf(type: ResourceType, name: string, known: readonly LiveBuild[]): Resource | undefined {
  switch (type) {
    case "routes":
      return together(
        known.flatMap(({ resources }) => resources.routes.get(name) ?? []).filter((one) => !areRules(one)),
        (newer, older) => routesOfBoth(older, newer),
      );
    case "listener":
      return together(
        known.flatMap(({ resources }) => resources.listener.get(name) ?? []),
        (newer, older) => withFiltersOf(older, newer),
      );
    default:
      return undefined;
  }
}

function together<One>(all: readonly One[], join: (newer: One, older: One) => One): One | undefined {
  return all.length === 0 ? undefined : all.reduce(join);
}
