/**
 * Routes that were lowered before: an unchanged rule, in an unchanged environment, leads to the same ones. While
 * `sluice run --watch` waits for changes, that is nearly all of them.
 */

import type { SourceFile } from "../../../diagnostics/span.ts";
import type { Route } from "../../../ir/ir.ts";
import type { ClusterUse } from "../../services/cluster-uses.ts";
import type { LoweringContext } from "../context.ts";
import type { Environment } from "../environment.ts";
import type { Site } from "./place.ts";
import type { VirtualService } from "./virtual-services.ts";

interface Before {
  readonly site: Site;
  readonly environment: Environment;
  /** The resources that were put together. */
  readonly sources: readonly Place[];
  readonly routes: readonly Route[];
  readonly uses: readonly ClusterUse[];
}

/** A document, and where it stood: two that are equal are one document. */
interface Place {
  readonly document: object | undefined;
  readonly file: SourceFile;
  readonly offset: number | undefined;
}

/** By the resource that has the hosts; one for each site. */
const known = new WeakMap<object, Before[]>();

/** What `lower` makes, or made the last time. Nothing is kept of rules with which something is wrong. */
export function lowerOnce(
  virtualService: VirtualService,
  site: Site,
  lowering: LoweringContext,
  lower: (lowering: LoweringContext) => Route[],
): readonly Route[] {
  const { environment } = lowering;
  const { sources } = virtualService;
  const key = sources[0]?.document;
  if (key === undefined) {
    return lower(lowering);
  }
  let sites = known.get(key);
  if (sites === undefined) {
    sites = [];
    known.set(key, sites);
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
  const { result: routes, uses } = lowering.clusterUses.record(() => lower({ ...lowering, report }));
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
function moved({ routes, uses }: Before, { sources, originOf }: VirtualService): Route[] | undefined {
  if (sources.length > 1 || uses.some(({ span }) => span !== undefined)) {
    return undefined;
  }
  return routes.map((route) =>
    route.origin === undefined
      ? route
      : { ...route, origin: originOf(route.origin.rule, route.origin.match) },
  );
}

function isSameSite(one: Site, other: Site): boolean {
  return one.port === other.port && one.gateway === other.gateway && one.speculative === other.speculative;
}

type Source = VirtualService["sources"][number];

function isMadeOf(before: Before, sources: readonly Source[]): boolean {
  return (
    before.sources.length === sources.length &&
    before.sources.every(({ document }, i) => document === sources[i]!.document)
  );
}

function stoodThere(before: Before, sources: readonly Source[]): boolean {
  return before.sources.every(
    ({ file, offset }, i) => file === sources[i]!.span.file && offset === sources[i]!.offset,
  );
}

function placeOf({ document, span, offset }: Source): Place {
  return { document, file: span.file, offset };
}

/** Those are collected while they are lowered. */
function hasUpstreamFault({ action }: Route): boolean {
  return action.kind === "forward" && action.destinations.some(({ fault }) => fault !== undefined);
}
