/** The VirtualServices that this proxy sees, with their names resolved, in the order in which they are applied. */

import type { RouteOrigin } from "../../../ir/ir.ts";
import { areSame } from "../../../lists/list-change.ts";
import type { ProxyOptions } from "../../../options.ts";
import type { Annotations } from "../../resources/annotations.ts";
import type { Resource, ResourceSet, VirtualServiceSpec } from "../../resources/model.ts";
import { resolveHost } from "../../services/host-names.ts";
import { byAge } from "../../services/order.ts";
import { Refused } from "../../services/refused.ts";
import type { Report } from "../../services/report.ts";
import { EXPOSURES, type Exposure, exposure } from "../../services/visibility.ts";
import { Delegates } from "./delegates.ts";
import { MESH, resolveGatewayName } from "./gateway-names.ts";

export interface VirtualService {
  /** With the rules of its delegates in it. */
  readonly resource: Resource<VirtualServiceSpec>;
  /** What that was made of: one resource, and its delegates. */
  readonly sources: readonly Resource<VirtualServiceSpec>[];
  /** The place of a rule of `resource`, or of one of its matches. */
  readonly originOf: (rule: number, match: number | undefined) => RouteOrigin;
  readonly annotationsOf: (rule: number) => Annotations;
  /** Fully qualified; the index is that of `spec.hosts`. */
  readonly hosts: readonly string[];
  /** `mesh`, or `namespace/name` of a Gateway. */
  readonly gateways: readonly string[];
}

/** Those without hosts are left out: they serve only those that delegate to them. */
export function visibleVirtualServices(
  { virtualServices, ...resources }: ResourceSet,
  { proxyNamespace, domainSuffix }: ProxyOptions,
  report: Report,
): readonly VirtualService[] {
  const delegates = new Delegates(
    virtualServices,
    domainSuffix,
    new Refused(resources, domainSuffix),
    report,
  );
  delegates.reportCycles();
  const seen = inOrderOfEffect(virtualServices, proxyNamespace);
  const list = seen.map((resource) => resolvedOnce(resource, delegates, domainSuffix));
  const known = lists.get(seen);
  if (known !== undefined && areSame(known, list)) {
    return known;
  }
  lists.set(seen, list);
  return list;
}

/** What was made of a list last: the same object for all who see the same, by which they know what follows from it. */
const lists = new WeakMap<readonly Resource<VirtualServiceSpec>[], readonly VirtualService[]>();

/**
 * Those that a namespace sees and that have hosts; of two for one host, the first is heard in the mesh. Where everybody sees all, it is
 * the same list for everybody.
 */
export function inOrderOfEffect(
  virtualServices: readonly Resource<VirtualServiceSpec>[],
  viewer: string,
): readonly Resource<VirtualServiceSpec>[] {
  const ofViewers = seenBy.get(virtualServices) ?? new Map<string, readonly Resource<VirtualServiceSpec>[]>();
  seenBy.set(virtualServices, ofViewers);
  let seen = ofViewers.get(viewer);
  if (seen === undefined) {
    const byExposure = new Map<Exposure, Resource<VirtualServiceSpec>[]>(
      EXPOSURES.map((exposure) => [exposure, []]),
    );
    const all = withHostsByAge(virtualServices);
    for (const resource of all) {
      const exposed = exposure(resource.spec.exportTo, resource.namespace, viewer);
      if (exposed !== undefined) {
        byExposure.get(exposed)!.push(resource);
      }
    }
    seen = byExposure.get("public")!.length === all.length ? all : [...byExposure.values()].flat();
    ofViewers.set(viewer, seen);
  }
  return seen;
}

/** Of one list, by the namespace that sees them. */
const seenBy = new WeakMap<
  readonly Resource<VirtualServiceSpec>[],
  Map<string, readonly Resource<VirtualServiceSpec>[]>
>();

/** Of one list, which is looked through for every proxy. */
function withHostsByAge(
  virtualServices: readonly Resource<VirtualServiceSpec>[],
): readonly Resource<VirtualServiceSpec>[] {
  const known = byAgeOf.get(virtualServices);
  if (known !== undefined) {
    return known;
  }
  const sorted = virtualServices
    .filter(({ spec }) => spec.hosts !== undefined && spec.hosts.length > 0)
    .sort(byAge);
  byAgeOf.set(virtualServices, sorted);
  return sorted;
}

const byAgeOf = new WeakMap<
  readonly Resource<VirtualServiceSpec>[],
  readonly Resource<VirtualServiceSpec>[]
>();

interface Resolved {
  readonly domainSuffix: string;
  readonly virtualService: VirtualService;
}

/** Those that have the last word on themselves. */
const resolved = new WeakMap<Resource<VirtualServiceSpec>, Resolved>();

function resolvedOnce(
  resource: Resource<VirtualServiceSpec>,
  delegates: Delegates,
  domainSuffix: string,
): VirtualService {
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

const names = new WeakMap<Resource<VirtualServiceSpec>, ResolvedNames>();

/** Of what a resource itself says, whatever its delegates add. */
export function resolvedNames(
  resource: Resource<VirtualServiceSpec>,
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
