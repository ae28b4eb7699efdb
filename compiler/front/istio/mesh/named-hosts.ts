/**
 * By which names a proxy knows the hosts of a port. Those of its own namespace have short names for it, and all else has the same
 * names for everybody: so names are given out once, for proxies of other namespaces, and a proxy's own are put in their place.
 *
 * Of two that claim a name the first keeps it. Where a proxy's own names are not its own alone, all are given out anew for it.
 */

import type { LoweringContext } from "../context/lowering-context.ts";
import type { MeshRules, RuledHost, ServiceDomains } from "../context/shared-lowering.ts";
import { serviceDomains } from "./service-domains.ts";

export interface NamedHost extends RuledHost {
  /** Without ports. */
  readonly domains: readonly string[];
}

export interface NamedHosts {
  readonly hosts: readonly NamedHost[];
  /** What proxies elsewhere know them by, if all that differs from it are more names for some. */
  readonly elsewhere?: { readonly hosts: readonly NamedHost[]; readonly own: readonly NamedHost[] };
}

/** The hosts of each port. */
export function namedHosts({ hosts }: MeshRules, lowering: LoweringContext): ReadonlyMap<number, NamedHosts> {
  return new Map([...hosts].map(([port, ofPort]) => [port, named(ofPort, lowering)] as const));
}

function named(hosts: readonly RuledHost[], lowering: LoweringContext): NamedHosts {
  const elsewhere = namedElsewhere(hosts, lowering);
  const own = ownNames(hosts, elsewhere, lowering);
  if (own === undefined) {
    return { hosts: giveOut(hosts, (host) => namesOf(host, lowering)).hosts };
  }
  const all = [...elsewhere.hosts];
  for (const [at, host] of own) {
    all[at] = host;
  }
  return { hosts: all, elsewhere: { hosts: elsewhere.hosts, own: [...own.values()] } };
}

/** The names of hosts that were given out to the first that claimed them. */
interface GivenOut {
  readonly hosts: readonly NamedHost[];
  readonly taken: ReadonlySet<string>;
  /** The hosts of services, which nobody else has for a short name. */
  readonly known: ReadonlySet<string>;
  /** Of several with one host, the one that counts. */
  readonly first: ReadonlyMap<string, RuledHost>;
  /** Where in `hosts` those are that have all the names that they claim. */
  readonly whole: ReadonlyMap<RuledHost, number>;
}

/** The first of two that claim a name keeps it; what is left without names is left out. */
function giveOut(all: readonly RuledHost[], namesOf: (host: RuledHost) => ServiceDomains): GivenOut {
  const known = new Set(all.flatMap(({ service }) => (service === undefined ? [] : [service.host])));
  const first = new Map<string, RuledHost>();
  const whole = new Map<RuledHost, number>();
  const taken = new Set<string>();
  const hosts: NamedHost[] = [];
  for (const host of all) {
    if (first.has(host.host)) {
      continue;
    }
    first.set(host.host, host);
    const { domains: claimed, short } = namesOf(host);
    const isFree = (domain: string) => !taken.has(domain) && !(short.has(domain) && known.has(domain));
    // The same object for all proxies that know a service by the same names.
    const domains = claimed.every(isFree) ? claimed : claimed.filter(isFree);
    for (const domain of domains) {
      taken.add(domain);
    }
    if (domains === claimed) {
      whole.set(host, hosts.length);
    }
    if (domains.length > 0) {
      hosts.push({ ...host, domains });
    }
  }
  return { hosts, taken, known, first, whole };
}

/** What was given out to proxies of other namespaces, by the hosts, which never change. */
const elsewhereOf = new WeakMap<readonly RuledHost[], GivenOut>();

function namedElsewhere(hosts: readonly RuledHost[], lowering: LoweringContext): GivenOut {
  const known = elsewhereOf.get(hosts) ?? giveOut(hosts, (host) => namesElsewhere(host, lowering));
  elsewhereOf.set(hosts, known);
  return known;
}

/**
 * The hosts of the proxy's own namespace, by their places. `undefined`: one of their names is somebody else's, or would be if they had
 * not claimed it.
 */
function ownNames(
  hosts: readonly RuledHost[],
  elsewhere: GivenOut,
  lowering: LoweringContext,
): ReadonlyMap<number, NamedHost> | undefined {
  const { taken, known, first, whole } = elsewhere;
  const own = new Map<number, NamedHost>();
  const more = new Set<string>();
  for (const host of hosts) {
    if (first.get(host.host) !== host || !isOwn(host, lowering)) {
      continue;
    }
    const at = whole.get(host);
    const { domains, short } = namesOf(host, lowering);
    const others = new Set(at === undefined ? [] : elsewhere.hosts[at]!.domains);
    const added = new Set(domains.filter((domain) => !others.delete(domain)));
    const isFree = (domain: string) =>
      !taken.has(domain) && !more.has(domain) && !(short.has(domain) && known.has(domain));
    if (at === undefined || others.size > 0 || ![...added].every(isFree)) {
      return undefined;
    }
    for (const domain of added) {
      more.add(domain);
    }
    own.set(at, { ...host, domains });
  }
  return own;
}

function isOwn({ service }: RuledHost, { registry, options }: LoweringContext): boolean {
  const suffix = `.${options.proxyNamespace}.svc.${options.domainSuffix}`;
  return (
    service !== undefined &&
    (service.host.endsWith(suffix) || registry.aliases(service).some((host) => host.endsWith(suffix)))
  );
}

function namesOf(host: RuledHost, lowering: LoweringContext): ServiceDomains {
  const { proxyNamespace } = lowering.options;
  return isOwn(host, lowering) ? namesIn(host, proxyNamespace, lowering) : namesElsewhere(host, lowering);
}

function namesElsewhere(host: RuledHost, lowering: LoweringContext): ServiceDomains {
  return namesIn(host, undefined, lowering);
}

function namesIn(
  { host, service }: RuledHost,
  namespace: string | undefined,
  { registry, options, cache }: LoweringContext,
): ServiceDomains {
  if (service === undefined) {
    return { domains: [host], short: NONE };
  }
  return cache.shared.domainsOf(service, registry, namespace ?? "", () =>
    serviceDomains(service, registry, namespace, options.domainSuffix),
  );
}

const NONE: ReadonlySet<string> = new Set();
