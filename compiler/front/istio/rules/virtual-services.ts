/** The VirtualServices that this proxy sees, with their names resolved, in the order in which they are applied. */

import type { RouteOrigin } from "../../../ir/ir.ts";
import { areSame, listChange } from "../../../lists/list-change.ts";
import { perStretch } from "../../../lists/stretches.ts";
import type { ProxyOptions } from "../../../options.ts";
import type { Annotations } from "../../resources/annotations.ts";
import type { Resource, ResourceSet, VirtualServiceSpec } from "../../resources/model.ts";
import { resolveHost } from "../../services/host-names.ts";
import { byAge } from "../../services/order.ts";
import { Refused } from "../../services/refused.ts";
import type { Report } from "../../services/report.ts";
import { EXPOSURES, exposure } from "../../services/visibility.ts";
import { Delegates, type RuleWriter } from "./delegates.ts";
import { MESH, resolveGatewayName } from "./gateway-names.ts";

export interface VirtualService {
  /** With the rules of its delegates in it. */
  readonly resource: Resource<VirtualServiceSpec>;
  /** What that was made of: one resource, and its delegates. */
  readonly sources: readonly Resource<VirtualServiceSpec>[];
  /** The place of a rule of `resource`, or of one of its matches. */
  readonly originOf: (rule: number, match: number | undefined) => RouteOrigin;
  readonly annotationsOf: (rule: number) => Annotations;
  readonly writersOf: (rule: number) => readonly RuleWriter[];
  /** Fully qualified; the index is that of `spec.hosts`. */
  readonly hosts: readonly string[];
  /** `mesh`, or `namespace/name` of a Gateway. */
  readonly gateways: readonly string[];
}

type Rules = Resource<VirtualServiceSpec>;

/** Those without hosts are left out: they serve only those that delegate to them. `before`: the list of the rules before. */
export function visibleVirtualServices(
  { virtualServices, ...resources }: ResourceSet,
  { proxyNamespace, domainSuffix }: ProxyOptions,
  report: Report,
  before: readonly Rules[] = [],
): readonly VirtualService[] {
  const delegates = new Delegates(
    virtualServices,
    domainSuffix,
    new Refused(resources, domainSuffix),
    report,
  );
  delegates.reportCycles();
  const seen = inOrderOfEffect(virtualServices, proxyNamespace, before);
  const ofOther = lists.get(seen);
  const like = ofOther ?? lists.get(seenBy.get(before)?.get(proxyNamespace) ?? []);
  const { from, beforeTo, to } = listChange(like?.seen ?? [], seen);
  const list = seen.map((resource, i) => {
    const at = i < from ? i : i < to ? -1 : i - to + beforeTo;
    const known = like?.domainSuffix === domainSuffix ? like.list[at] : undefined;
    // Those that are put together may have other delegates.
    return known?.resource === resource ? known : resolvedOnce(resource, delegates, domainSuffix);
  });
  if (ofOther !== undefined && areSame(ofOther.list, list)) {
    return ofOther.list;
  }
  lists.set(seen, { domainSuffix, seen, list });
  return list;
}

interface ResolvedList {
  readonly domainSuffix: string;
  readonly seen: readonly Rules[];
  readonly list: readonly VirtualService[];
}

/** What was made of a list last: the same object for all who see the same, by which they know what follows from it. */
const lists = new WeakMap<readonly Rules[], ResolvedList>();

/**
 * Those that a namespace sees and that have hosts; of two for one host, the first is heard in the mesh. Where everybody sees all, it is
 * the same list for everybody. `before`: a list that may be nearly the same.
 */
export function inOrderOfEffect(
  virtualServices: readonly Rules[],
  viewer: string,
  before: readonly Rules[] = [],
): readonly Rules[] {
  const ofViewers = seenBy.get(virtualServices) ?? new Map<string, readonly Rules[]>();
  seenBy.set(virtualServices, ofViewers);
  let seen = ofViewers.get(viewer);
  if (seen === undefined) {
    const all = withHostsByAge(virtualServices, before);
    seen = arePublic(all).includes(false)
      ? EXPOSURES.flatMap((wanted) =>
          all.filter(({ spec, namespace }) => exposure(spec.exportTo, namespace, viewer) === wanted),
        )
      : all;
    ofViewers.set(viewer, seen);
  }
  return seen;
}

/** Of one list, by the namespace that sees them. */
const seenBy = new WeakMap<readonly Rules[], Map<string, readonly Rules[]>>();

/** Whether everybody sees all of them, whoever has them and whoever looks. */
const arePublic = perStretch((rules: readonly Rules[]) =>
  rules.every(({ spec }) => exposure(spec.exportTo, "", "") === "public"),
);

/** Of one list, which is looked through for every proxy. */
function withHostsByAge(virtualServices: readonly Rules[], before: readonly Rules[]): readonly Rules[] {
  const all =
    byAgeOf.get(virtualServices) ??
    withNewer(before, virtualServices) ??
    virtualServices.filter(hasHosts).sort(byAge);
  byAgeOf.set(virtualServices, all);
  return all;
}

const byAgeOf = new WeakMap<readonly Rules[], readonly Rules[]>();

/** Rules; to look for more among thousands is no quicker than to sort. */
const MOST_NEWER = 16;

/** The order is what it was where rules have only given way to newer ones of their name and age. */
function withNewer(before: readonly Rules[], now: readonly Rules[]): readonly Rules[] | undefined {
  const order = byAgeOf.get(before);
  const { from, beforeTo, to } = listChange(before, now);
  if (order === undefined || beforeTo !== to || to - from > MOST_NEWER) {
    return undefined;
  }
  const all = [...order];
  for (let i = from; i < to; i++) {
    const [older, newer] = [before[i]!, now[i]!];
    if (byAge(older, newer) !== 0 || hasHosts(older) !== hasHosts(newer)) {
      return undefined;
    }
    const at = order.indexOf(older);
    if (at >= 0) {
      all[at] = newer;
    }
  }
  return all;
}

function hasHosts({ spec }: Rules): boolean {
  return spec.hosts !== undefined && spec.hosts.length > 0;
}

interface Resolved {
  readonly domainSuffix: string;
  readonly virtualService: VirtualService;
}

/** Those that have the last word on themselves. */
const resolved = new WeakMap<Rules, Resolved>();

function resolvedOnce(resource: Rules, delegates: Delegates, domainSuffix: string): VirtualService {
  const before = resolved.get(resource);
  if (before?.domainSuffix === domainSuffix) {
    return before.virtualService;
  }
  const virtualService = {
    ...delegates.merge(resource),
    ...resolvedNames(resource, domainSuffix),
  };
  // Of what was put together, the parts may change.
  if (virtualService.resource === resource) {
    resolved.set(resource, { domainSuffix, virtualService });
  }
  return virtualService;
}

type ResolvedNames = Pick<VirtualService, "hosts" | "gateways"> & { readonly domainSuffix: string };

const names = new WeakMap<Rules, ResolvedNames>();

/** Of what a resource itself says, whatever its delegates add. */
export function resolvedNames(
  resource: Rules,
  domainSuffix: string,
): Pick<VirtualService, "hosts" | "gateways"> {
  let known = names.get(resource);
  if (known?.domainSuffix !== domainSuffix) {
    known = {
      domainSuffix,
      hosts: (resource.spec.hosts ?? []).map((host) => resolveHost(host, resource.namespace, domainSuffix)),
      gateways: gatewayNames(resource.spec.gateways, resource.namespace),
    };
    names.set(resource, known);
  }
  const { hosts, gateways } = known!;
  return { hosts, gateways };
}

/** An empty list means the mesh. */
function gatewayNames(names: readonly string[] | undefined, namespace: string): string[] {
  return names === undefined || names.length === 0
    ? [MESH]
    : names.map((name) => resolveGatewayName(name, namespace));
}
