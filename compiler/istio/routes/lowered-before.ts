/**
 * Routes that were lowered before: an unchanged rule, in an unchanged environment, leads to the same ones. While
 * `sluice run --watch` waits for changes, that is nearly all of them.
 */

import type { Route } from "../../ir/ir.ts";
import type { ClusterUse } from "../clusters/cluster-uses.ts";
import type { Environment } from "../environment.ts";
import type { Lowering } from "../lowering.ts";
import type { VirtualService } from "../virtual-services.ts";
import type { Site } from "./sites.ts";

interface Before {
  readonly environment: Environment;
  /** The resources that were put together. */
  readonly documents: readonly unknown[];
  /** Where they stood: two that are equal are one document. */
  readonly places: readonly unknown[];
  readonly routes: readonly Route[];
  readonly uses: readonly ClusterUse[];
}

/** By the resource that has the hosts, and the site. */
const known = new WeakMap<object, Map<string, Before>>();

/** What `lower` makes, or made the last time. Nothing is kept of rules with which something is wrong. */
export function lowerOnce(
  virtualService: VirtualService,
  site: Site,
  lowering: Lowering,
  lower: (lowering: Lowering) => Route[],
): readonly Route[] {
  const { environment } = lowering;
  const key = virtualService.sources[0]?.document;
  if (key === undefined) return lower(lowering);
  const sites = known.get(key) ?? new Map<string, Before>();
  known.set(key, sites);
  const siteName = `${site.gateway} ${site.port} ${site.speculative}`;
  const documents = virtualService.sources.map(({ document }) => document);
  const places = virtualService.sources.flatMap(({ span }) => [span.file, span.start]);

  const before = sites.get(siteName);
  if (before?.environment === environment && isSame(before.documents, documents)) {
    const routes = isSame(before.places, places) ? before.routes : moved(before, virtualService);
    if (routes !== undefined) {
      sites.set(siteName, { ...before, places, routes });
      for (const use of before.uses) lowering.clusterUses.addUse(use);
      return routes;
    }
  }
  let isFlawless = true;
  const report: Lowering["report"] = (...finding) => {
    isFlawless = false;
    lowering.report(...finding);
  };
  const { result: routes, uses } = lowering.clusterUses.record(() => lower({ ...lowering, report }));
  if (isFlawless && !routes.some(hasUpstreamFault)) {
    sites.set(siteName, { environment, documents, places, routes, uses });
  } else {
    sites.delete(siteName);
  }
  return routes;
}

/** The routes of a rule that stands elsewhere now, in a text of which another part has changed. */
function moved({ routes, uses }: Before, { sources, originOf }: VirtualService): Route[] | undefined {
  if (sources.length > 1 || uses.some(({ span }) => span !== undefined)) return undefined;
  return routes.map((route) =>
    route.origin === undefined
      ? route
      : { ...route, origin: originOf(route.origin.rule, route.origin.match) },
  );
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((item, i) => item === other[i]);
}

/** Those are collected while they are lowered. */
function hasUpstreamFault({ action }: Route): boolean {
  return action.kind === "forward" && action.destinations.some(({ fault }) => fault !== undefined);
}
