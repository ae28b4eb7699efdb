/**
 * Routes that were lowered before: an unchanged rule, in an unchanged environment, leads to the same ones. While
 * `sluice run --watch` waits for changes, that is nearly all of them.
 */

import type { Route } from "../../../ir/ir.ts";
import type { DocumentPlace, KnownRoutes } from "../context/lowering-cache.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { isSameSite, type Site } from "../context/site.ts";
import { routeOrigin } from "./route-origin.ts";
import type { VirtualService } from "./virtual-services.ts";

/** What `lower` makes, or made the last time. Nothing is kept of rules with which something is wrong. */
export function lowerOnce(
  virtualService: VirtualService,
  site: Site,
  lowering: LoweringContext,
  lower: (lowering: LoweringContext) => Route[],
): readonly Route[] {
  const { environment, cache } = lowering;
  const { sources } = virtualService;
  const key = sources[0]?.document;
  if (key === undefined) {
    return lower(lowering);
  }
  let sites = cache.routes.get(key);
  if (sites === undefined) {
    sites = [];
    cache.routes.set(key, sites);
  }
  let index = sites.findIndex(({ site: other }) => isSameSite(site, other));
  const before = sites[index];
  if (before?.environment === environment && isMadeOf(before, sources)) {
    const stayed = stoodThere(before, sources);
    const routes = stayed ? before.routes : moved(before, virtualService);
    if (routes !== undefined) {
      if (!stayed) {
        sites[index] = { ...before, sources: sources.map(placeOf), routes };
      }
      for (const use of before.uses) {
        lowering.clusterUses.addUse(use);
      }
      return routes;
    }
  }
  let isFlawless = true;
  const report: LoweringContext["report"] = (...finding) => {
    isFlawless = false;
    lowering.report(...finding);
  };
  const onDangling: LoweringContext["onDangling"] = (destination) => {
    isFlawless = false;
    lowering.onDangling(destination);
  };
  const { result: routes, uses } = lowering.clusterUses.record(() =>
    lower({ ...lowering, report, onDangling }),
  );
  if (isFlawless && !routes.some(hasUpstreamFault)) {
    if (index < 0) {
      index = sites.length;
    }
    sites[index] = { site, environment, sources: sources.map(placeOf), routes, uses };
  } else if (index >= 0) {
    sites.splice(index, 1);
  }
  return routes;
}

/** The routes of a rule that stands elsewhere now, in a text of which another part has changed. */
function moved({ routes, uses }: KnownRoutes, virtualService: VirtualService): Route[] | undefined {
  if (virtualService.sources.length > 1 || uses.some(({ span }) => span !== undefined)) {
    return undefined;
  }
  return routes.map((route) =>
    route.origin === undefined
      ? route
      : {
          ...route,
          origin: routeOrigin(virtualService, route.origin.rule, route.origin.match, route.action),
        },
  );
}

type Source = VirtualService["sources"][number];

function isMadeOf(before: KnownRoutes, sources: readonly Source[]): boolean {
  return (
    before.sources.length === sources.length &&
    before.sources.every(({ document }, i) => document === sources[i]!.document)
  );
}

function stoodThere(before: KnownRoutes, sources: readonly Source[]): boolean {
  return before.sources.every(
    ({ file, offset }, i) => file === sources[i]!.span.file && offset === sources[i]!.offset,
  );
}

function placeOf({ document, span, offset }: Source): DocumentPlace {
  return { document, file: span.file, offset };
}

/** Those are collected while they are lowered. */
function hasUpstreamFault({ action }: Route): boolean {
  return action.kind === "forward" && action.destinations.some(({ fault }) => fault !== undefined);
}
