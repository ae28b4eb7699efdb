/** The virtual hosts of the servers of one port: each name that both a server and a rule speak of, and what is decided there. */

import type { Omission, Route, VirtualHost } from "../../../ir/ir.ts";
import { compareStrings } from "../../../ir/text.ts";
import { listChange } from "../../../lists/list-change.ts";
import type { Server } from "../../resources/model.ts";
import type { GatheringContext } from "../context/gathering-context.ts";
import type { LoweredRoutes } from "../context/lowered-routes.ts";
import type { KnownServerHosts, LoweringCache } from "../context/lowering-cache.ts";
import { keepsForwardedHost } from "../context/proxy-headers.ts";
import type { Site } from "../context/site.ts";
import { lowerHttpRoutes } from "../rules/http-routes.ts";
import { omissions } from "../rules/omissions.ts";
import { isCatchAll } from "../rules/route-match.ts";
import type { VirtualService } from "../rules/virtual-services.ts";
import { type GatewayServer, serverNamesOf } from "./gateway-servers.ts";
import { ServerHosts } from "./server-hosts.ts";
import { isPlainHttp } from "./server-protocols.ts";

/**
 * A virtual host for each name that both a server and a VirtualService speak of. Several VirtualServices for one name
 * are put one after another, and what takes everything is moved behind the rest, so that an older one of that kind
 * does not hide a younger one's rules.
 */
export function lowerVirtualHosts(
  port: number,
  servers: readonly GatewayServer[],
  bound: ReadonlyMap<string, readonly VirtualService[]>,
  lowering: GatheringContext,
): readonly VirtualHost[] {
  const [only] = servers;
  if (only === undefined || servers.length > 1 || redirectsToHttps(only.server)) {
    return lowerAnew(port, servers, bound, lowering);
  }
  const { gateway, gatewayName, server } = only;
  const { environment, cache } = lowering;
  const rules = bound.get(gatewayName) ?? [];
  const before = cache.serverHosts.get(server);
  const isKnown = before?.gateway === gateway && before.environment === environment;
  const known = isKnown ? lowerChanged(before, port, only, rules, lowering) : undefined;
  if (known !== undefined) {
    cache.serverHosts.set(server, { gateway, environment, rules, ...known });
    for (const one of known.lowered) {
      if (one !== undefined) {
        lowering.effects.add(one.effects);
      }
    }
    return known.virtualHosts;
  }
  const lowered: (LoweredRoutes | undefined)[] = [];
  const virtualHosts = lowerAnew(port, servers, bound, lowering, (one) => lowered.push(one));
  cache.serverHosts.set(server, { gateway, environment, rules, lowered, virtualHosts });
  return virtualHosts;
}

/** Rules; of more that have changed it is as quick to put all of them together. */
const MOST_CHANGED = 64;

/**
 * What the rules of a server come to when few of them are others than before, and none of those has a host in common with others:
 * every other virtual host is what it was. `undefined` where there is more to it.
 */
function lowerChanged(
  before: KnownServerHosts,
  port: number,
  { gateway, gatewayName, server }: GatewayServer,
  rules: readonly VirtualService[],
  lowering: GatheringContext,
): Pick<KnownServerHosts, "lowered" | "virtualHosts"> | undefined {
  const { from, beforeTo, to } = listChange(before.rules, rules);
  if (Math.max(beforeTo, to) - from > MOST_CHANGED) {
    return undefined;
  }
  const hosts = new ServerHosts(server.hosts, gateway.namespace);
  const virtualHosts = [...before.virtualHosts];
  for (let i = from; i < beforeTo; i++) {
    const routes = before.lowered[i]?.routes ?? [];
    for (const host of routes.length === 0 ? [] : hosts.intersect(before.rules[i]!)) {
      const at = placeOf(`${host}:${port}`, virtualHosts);
      if (virtualHosts[at]?.routes !== routes) {
        return undefined;
      }
      virtualHosts.splice(at, 1);
    }
  }
  const site = siteOf(gatewayName, port, server, lowering);
  const lowered: (LoweredRoutes | undefined)[] = [];
  for (const virtualService of rules.slice(from, to)) {
    const names = hosts.intersect(virtualService);
    if (names.length === 0) {
      lowered.push(undefined);
      continue;
    }
    const one = lowerHttpRoutes(virtualService, site, lowering);
    lowered.push(one);
    if (one.routes.length === 0) {
      continue;
    }
    for (const host of names) {
      const name = `${host}:${port}`;
      const at = placeOf(name, virtualHosts);
      if (virtualHosts[at]?.name === name || one.omitted.length > 0) {
        return undefined;
      }
      virtualHosts.splice(at, 0, plainVirtualHost(host, port, one.routes, lowering.cache));
    }
  }
  return {
    lowered: [...before.lowered.slice(0, from), ...lowered, ...before.lowered.slice(beforeTo)],
    virtualHosts,
  };
}

/** Where a virtual host of that name is among those in order, or would be. */
function placeOf(name: string, virtualHosts: readonly VirtualHost[]): number {
  let low = 0;
  let high = virtualHosts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareStrings(virtualHosts[middle]!.name, name) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/** `onRules`: told what each rule comes to at each server, in their order. */
function lowerAnew(
  port: number,
  servers: readonly GatewayServer[],
  bound: ReadonlyMap<string, readonly VirtualService[]>,
  lowering: GatheringContext,
  onRules: (lowered: LoweredRoutes | undefined) => void = () => {},
): VirtualHost[] {
  const routesByHost = new Map<string, readonly Route[] | Set<Route>>();
  const omittedByHost = new Map<string, Set<Omission>>();
  const redirected = new Set<string>();
  const lowered = new Map<string, Map<VirtualService, LoweredRoutes>>();
  for (const { gateway, gatewayName, server } of servers) {
    const hosts = new ServerHosts(server.hosts, gateway.namespace);
    if (redirectsToHttps(server)) {
      // Whether or not there are rules for them.
      for (const host of serverNamesOf(server)) {
        redirected.add(host);
      }
    }
    for (const virtualService of bound.get(gatewayName) ?? []) {
      const names = hosts.intersect(virtualService);
      if (names.length === 0) {
        onRules(undefined);
        continue;
      }
      let ofGateway = lowered.get(gatewayName);
      // A single server meets each of them once.
      if (ofGateway === undefined && servers.length > 1) {
        ofGateway = new Map();
        lowered.set(gatewayName, ofGateway);
      }
      let atGateway = ofGateway?.get(virtualService);
      if (atGateway === undefined) {
        const site = siteOf(gatewayName, port, server, lowering);
        atGateway = lowerHttpRoutes(virtualService, site, lowering);
        lowering.effects.add(atGateway.effects);
        ofGateway?.set(virtualService, atGateway);
        lowering.onLowered?.();
      }
      onRules(atGateway);
      const { routes, omitted } = atGateway;
      if (routes.length === 0) {
        continue;
      }
      for (const name of names) {
        if (redirectsToHttps(server)) {
          redirected.add(name);
        }
        if (omitted.length > 0) {
          const all = omittedByHost.get(name) ?? new Set();
          omittedByHost.set(name, all);
          for (const omission of omitted) {
            all.add(omission);
          }
        }
        const known = routesByHost.get(name);
        if (known === undefined) {
          routesByHost.set(name, routes);
        } else if (known !== routes) {
          // A set, since two servers of a Gateway may bring the same routes to the same host.
          const all = known instanceof Set ? known : new Set(known);
          for (const route of routes) {
            all.add(route);
          }
          routesByHost.set(name, all);
        }
      }
    }
  }
  const believes = (lowering.proxyConfig.gatewayTopology?.numTrustedProxies ?? 0) > 0;
  for (const host of redirected) {
    if (believes) {
      routesByHost.set(host, routesByHost.get(host) ?? []);
    } else {
      routesByHost.set(host, TO_HTTPS);
      omittedByHost.delete(host);
    }
  }
  return [...routesByHost]
    .map(([host, found]) => {
      const omitted = omittedByHost.get(host);
      const requireTls = redirected.has(host);
      if (!(found instanceof Set) && omitted === undefined && !requireTls) {
        return plainVirtualHost(host, port, found, lowering.cache);
      }
      // Of one VirtualService, nothing stands behind what takes everything.
      const own = found instanceof Set ? catchAllLast([...found]) : found;
      const routes = requireTls && believes ? [TO_HTTPS_UNLESS_IT_CAME_SO, ...own] : own;
      return {
        name: `${host}:${port}`,
        domains: [host],
        routes,
        ...omissions([...(omitted ?? [])], routes),
        ...(requireTls && { requireTls: true as const }),
      };
    })
    .sort((a, b) => compareStrings(a.name, b.name));
}

function siteOf(gateway: string, port: number, { tls }: Server, { proxyConfig }: GatheringContext): Site {
  return { gateway, port, tls: tls !== undefined, ...keepsForwardedHost(proxyConfig) };
}

/** The same object as the last time, for as long as its routes are. */
function plainVirtualHost(
  host: string,
  port: number,
  routes: readonly Route[],
  { virtualHosts }: LoweringCache,
): VirtualHost {
  let known = virtualHosts.get(routes);
  if (known === undefined) {
    known = [];
    virtualHosts.set(routes, known);
  }
  let virtualHost = known.find(({ domains }) => domains[0] === host);
  if (virtualHost === undefined) {
    virtualHost = { name: `${host}:${port}`, domains: [host], routes };
    known.push(virtualHost);
  }
  return virtualHost;
}

/** Who came over TLS is where `httpsRedirect` wants all to be. */
function redirectsToHttps({ port, tls }: Server): boolean {
  return tls?.httpsRedirect === true && isPlainHttp(port.protocol);
}

const REDIRECT_TO_HTTPS: Route = {
  name: "",
  match: { headers: [], queryParams: [] },
  action: { kind: "redirect", status: 301, scheme: "https", keepPort: true },
};

/** What a server with `httpsRedirect` answers, whatever is asked and however. */
const TO_HTTPS: readonly Route[] = [REDIRECT_TO_HTTPS];

/** The same behind proxies that are believed how a request came to them. */
const TO_HTTPS_UNLESS_IT_CAME_SO: Route = {
  ...REDIRECT_TO_HTTPS,
  match: {
    headers: [
      {
        name: "x-forwarded-proto",
        match: { kind: "exact", value: "https" },
        invert: true,
        missingAsEmpty: false,
      },
    ],
    queryParams: [],
  },
};

function catchAllLast(routes: readonly Route[]): Route[] {
  return [
    ...routes.filter(({ match }) => !isCatchAll(match)),
    ...routes.filter(({ match }) => isCatchAll(match)),
  ];
}
