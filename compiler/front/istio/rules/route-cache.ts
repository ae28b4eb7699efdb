/**
 * Routes that were lowered before: an unchanged rule, in an unchanged environment, leads to the same ones. While
 * `sluice run --watch` waits for changes, that is nearly all of them.
 */

import type { Route } from "../../../ir/ir.ts";
import { areSame } from "../../../lists/list-change.ts";
import { destinationsOf } from "../../resources/destinations.ts";
import { resolveHost } from "../../services/host-names.ts";
import type { DocumentPlace, LoweredRoutes } from "../context/lowered-routes.ts";
import type { KnownRoutes } from "../context/lowering-cache.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import type { SharedRoutes } from "../context/shared-lowering.ts";
import { isSameSite, type Site } from "../context/site.ts";
import { routeOrigin } from "./route-origin.ts";
import type { VirtualService } from "./virtual-services.ts";

/** What `lower` makes, or made the last time. */
export function lowerOnce(
  virtualService: VirtualService,
  site: Site,
  lowering: LoweringContext,
  lower: () => LoweredRoutes,
): LoweredRoutes {
  const { environment, cache } = lowering;
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
  const lowered = lowerForAll(
    virtualService,
    site,
    lowering,
    () => (before && moved(before.lowered, virtualService)) ?? lower(),
  );
  sites[index < 0 ? sites.length : index] = { site, environment, sources: sources.map(placeOf), lowered };
  return lowered;
}

/**
 * What `lower` makes, or made for another proxy that finds the same where the rules lead. What rules say of their source, or
 * what leads nowhere, is each proxy's own.
 */
function lowerForAll(
  virtualService: VirtualService,
  site: Site,
  { cache: { shared }, registry, destinationRules, options, base }: LoweringContext,
  lower: () => LoweredRoutes,
): LoweredRoutes {
  const { sources } = virtualService;
  const key = sources[0]!.document!;
  const hosts = hostsOf(virtualService, options.domainSuffix);
  if (hosts === undefined) {
    return lower();
  }
  const seen: unknown[] = [];
  for (const host of hosts) {
    const named = registry.get(host);
    const service = named && (registry.aliasTarget(named) ?? named);
    seen.push(named, service, service && destinationRules.find(service));
  }
  const all = shared.routes.get(key) ?? [];
  const isOfNow = (one: SharedRoutes) =>
    one.base === base && isMadeOf(one, sources) && stoodThere(one, sources);
  const known = all.find((one) => isOfNow(one) && isSameSite(one.site, site) && areSame(one.seen, seen));
  if (known !== undefined) {
    return known.lowered;
  }
  const lowered = lower();
  if (lowered.effects.dangling.length === 0) {
    const own = { base, site, sources: sources.map(placeOf), seen, lowered };
    // What was made of another state of the rules is not asked for again, and would stay for ever.
    shared.routes.set(key, [own, ...all.filter(isOfNow)]);
  }
  return lowered;
}

/** Whether its routes are the same for all who find the same where they lead. */
export function isForAll(virtualService: VirtualService, domainSuffix: string): boolean {
  return hostsOf(virtualService, domainSuffix) !== undefined;
}

/** Full names of the destinations of rules that say nothing of their source; undefined for others. */
function hostsOf({ resource }: VirtualService, domainSuffix: string): readonly string[] | undefined {
  const known = destinations.get(resource);
  if (known?.domainSuffix === domainSuffix) {
    return known.hosts;
  }
  const asksForSource = (resource.spec.http ?? []).some(({ match }) =>
    match?.some((one) => one?.sourceLabels !== undefined || one?.sourceNamespace !== undefined),
  );
  const hosts = asksForSource
    ? undefined
    : [
        ...new Set(
          Array.from(destinationsOf(resource), ({ destination }) =>
            resolveHost(destination.host, resource.namespace, domainSuffix),
          ),
        ),
      ];
  destinations.set(resource, { domainSuffix, hosts });
  return hosts;
}

const destinations = new WeakMap<
  object,
  { readonly domainSuffix: string; readonly hosts: readonly string[] | undefined }
>();

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

function isMadeOf(before: Pick<KnownRoutes, "sources">, sources: readonly Source[]): boolean {
  return (
    before.sources.length === sources.length &&
    before.sources.every(({ document }, i) => document === sources[i]!.document)
  );
}

function stoodThere(before: Pick<KnownRoutes, "sources">, sources: readonly Source[]): boolean {
  return before.sources.every(
    ({ file, offset }, i) => file === sources[i]!.span.file && offset === sources[i]!.offset,
  );
}

function placeOf({ document, span, offset }: Source): DocumentPlace {
  return { document, file: span.file, offset };
}
