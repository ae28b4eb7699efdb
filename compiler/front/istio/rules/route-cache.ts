/**
 * Routes that were lowered before: an unchanged rule, in an unchanged environment, leads to the same ones. While
 * `sluice run --watch` waits for changes, that is nearly all of them.
 */

import type { Route } from "../../../ir/ir.ts";
import type { DocumentPlace, KnownRoutes, LoweredRoutes } from "../context/lowering-cache.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import { isSameSite, type Site } from "../context/site.ts";
import { routeOrigin } from "./route-origin.ts";
import type { VirtualService } from "./virtual-services.ts";

/** What `lower` makes, or made the last time. */
export function lowerOnce(
  virtualService: VirtualService,
  site: Site,
  { environment, cache }: LoweringContext,
  lower: () => LoweredRoutes,
): LoweredRoutes {
  const { sources } = virtualService;
  const key = sources[0]?.document;
  if (key === undefined) {
    return lower();
  }
  const sites = cache.routes.get(key) ?? [];
  cache.routes.set(key, sites);
  const index = sites.findIndex(({ site: other }) => isSameSite(site, other));
  const known = sites[index];
  const before = known?.environment === environment && isMadeOf(known, sources) ? known : undefined;
  if (before !== undefined && stoodThere(before, sources)) {
    return before.lowered;
  }
  const lowered = (before && moved(before.lowered, virtualService)) ?? lower();
  sites[index < 0 ? sites.length : index] = { site, environment, sources: sources.map(placeOf), lowered };
  return lowered;
}

/** The same of a rule that stands elsewhere now, in a text of which another part has changed; undefined if places are in it. */
function moved(
  { routes, omitted, effects }: LoweredRoutes,
  virtualService: VirtualService,
): LoweredRoutes | undefined {
  const hasPlaces =
    omitted.length > 0 ||
    effects.findings.length > 0 ||
    effects.dangling.length > 0 ||
    effects.uses.some(({ span }) => span !== undefined);
  if (virtualService.sources.length > 1 || hasPlaces) {
    return undefined;
  }
  const here = ({ origin, action, ...route }: Route): Route => ({
    ...route,
    action,
    ...(origin && { origin: routeOrigin(virtualService, origin.rule, origin.match, action) }),
  });
  return { routes: routes.map(here), omitted, effects };
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
