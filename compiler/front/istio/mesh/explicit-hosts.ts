/**
 * The hosts of all ports in one table, for a listener that is asked as an explicit proxy: each name with its port, and without one where
 * it is clear which is meant. As with names (`named-hosts.ts`), what a proxy has of its own is put into what all others have.
 */

import { isLookedUp } from "../../../ir/discovery.ts";
import type { VirtualHost } from "../../../ir/ir.ts";
import { compareStrings } from "../../../ir/text.ts";
import { isHttp, type Service } from "../../services/service.ts";
import type { LoweringContext } from "../context/lowering-context.ts";
import type { MeshRules } from "../context/shared-lowering.ts";
import { omissions } from "../rules/omissions.ts";
import { HTTP_PORT, httpPort } from "./mesh-rules.ts";
import type { NamedHost, NamedHosts } from "./named-hosts.ts";

/** `hosts` are those of `rules`; `others` takes whatever none of them is asked for. */
export function explicitHosts(
  hosts: ReadonlyMap<number, NamedHosts>,
  rules: MeshRules,
  others: VirtualHost,
  lowering: LoweringContext,
): readonly VirtualHost[] {
  const shared = new Map<number, readonly NamedHost[]>();
  const own = new Map<number, readonly NamedHost[]>();
  for (const [port, { elsewhere }] of hosts) {
    if (elsewhere !== undefined) {
      shared.set(port, elsewhere.hosts);
      own.set(port, elsewhere.own);
    }
  }
  const known = shared.size < hosts.size ? undefined : elsewhereOnce(shared, rules, others, lowering);
  return (
    (known && withOwn(known, own, lowering)) ??
    table(new Map([...hosts].map(([port, named]) => [port, named.hosts])), others, lowering).virtualHosts
  );
}

/** In the order of their names; a rule for `*` in the mesh is an error, and must not make a table that contradicts itself. */
export function sortedHosts(virtualHosts: readonly VirtualHost[], others: VirtualHost): VirtualHost[] {
  const all = virtualHosts.some(({ domains }) => domains.includes("*"))
    ? virtualHosts
    : [...virtualHosts, others];
  return [...all].sort((a, b) => compareStrings(a.name, b.name));
}

interface Table {
  readonly virtualHosts: readonly VirtualHost[];
  readonly taken: ReadonlySet<string>;
  /** Where in it those are, by their names, that have all the domains that they claim. */
  readonly whole: ReadonlyMap<string, number>;
}

function table(
  hostsByPort: ReadonlyMap<number, readonly NamedHost[]>,
  others: VirtualHost,
  lowering: LoweringContext,
): Table {
  const taken = new Set<string>();
  const whole = new Set<VirtualHost>();
  const virtualHosts: VirtualHost[] = [];
  for (const [port, hosts] of hostsByPort) {
    for (const named of hosts) {
      const { host, routes, omitted, service } = named;
      // A service is asked on the ports that it has; istiod's exception for port 80 is not for those.
      if (service === undefined && lowering.registry.serves(host)) {
        continue;
      }
      const asked = explicitDomains(named, port, lowering);
      const isFree = (domain: string) => !taken.has(domain);
      const domains = asked.every(isFree) ? asked : asked.filter(isFree);
      for (const domain of domains) {
        taken.add(domain);
      }
      if (domains.length > 0) {
        const virtualHost = { name: nameOf(named, port), domains, routes, ...omissions(omitted, routes) };
        virtualHosts.push(virtualHost);
        if (domains === asked) {
          whole.add(virtualHost);
        }
      }
    }
  }
  const sorted = sortedHosts(virtualHosts, others);
  return {
    virtualHosts: sorted,
    taken,
    whole: new Map(sorted.flatMap((host, at) => (whole.has(host) ? [[host.name, at] as const] : []))),
  };
}

/** Tables of proxies of other namespaces, by what they are made of, which never changes. */
const tables = new WeakMap<MeshRules, WeakMap<VirtualHost, Table>>();

function elsewhereOnce(
  hosts: ReadonlyMap<number, readonly NamedHost[]>,
  rules: MeshRules,
  others: VirtualHost,
  lowering: LoweringContext,
): Table {
  const ofRules = tables.get(rules) ?? new WeakMap<VirtualHost, Table>();
  tables.set(rules, ofRules);
  const known = ofRules.get(others) ?? table(hosts, others, lowering);
  ofRules.set(others, known);
  return known;
}

/** `undefined` where one of the domains would be somebody else's as well. */
function withOwn(
  { virtualHosts, taken, whole }: Table,
  own: ReadonlyMap<number, readonly NamedHost[]>,
  lowering: LoweringContext,
): readonly VirtualHost[] | undefined {
  const all = [...virtualHosts];
  const more = new Set<string>();
  for (const [port, hosts] of own) {
    for (const named of hosts) {
      const at = whole.get(nameOf(named, port));
      if (at === undefined) {
        return undefined;
      }
      const domains = explicitDomains(named, port, lowering);
      const others = new Set(virtualHosts[at]!.domains);
      const added = domains.filter((domain) => !others.has(domain));
      if (added.some((domain) => taken.has(domain) || more.has(domain))) {
        return undefined;
      }
      for (const domain of added) {
        more.add(domain);
      }
      all[at] = { ...virtualHosts[at]!, domains };
    }
  }
  return all;
}

function nameOf({ host }: NamedHost, port: number): string {
  return `${host}:${port}`;
}

function explicitDomains(
  { domains, service }: NamedHost,
  port: number,
  { cache }: LoweringContext,
): readonly string[] {
  const withoutPort = port === (service === undefined ? HTTP_PORT : defaultPort(service));
  return cache.shared.explicitDomains(domains, port, withoutPort);
}

/** The port of a request that names none: HTTP's own, else the only one. */
function defaultPort(service: Service): number | undefined {
  // Where requests say themselves where they go, one without a port means HTTP's own.
  if (httpPort(service, HTTP_PORT) || isLookedUp(service.discovery)) {
    return HTTP_PORT;
  }
  const http = service.ports.filter(isHttp);
  return http.length === 1 ? http[0]!.number : undefined;
}
