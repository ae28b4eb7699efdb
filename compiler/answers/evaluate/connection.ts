/**
 * Which filter chain Envoy gives a connection to, and what becomes of it there. Source: Envoy's `FilterChainManagerImpl`, which
 * compares one thing after the other (the address, the server name, the protocol) and never goes back: what is left out by one is
 * not looked at by the next, even where nothing remains.
 */

import ipaddr from "ipaddr.js";
import { isLookedUp } from "../../ir/discovery.ts";
import {
  type ChainMatch,
  chainMatch,
  type FilterChain,
  hasNames,
  readsHttp,
  type Sharing,
} from "../../ir/filter-chains.ts";
import type { Cluster, TcpChain } from "../../ir/ir.ts";

/** A connection as it comes to a socket. What its client says does not begin like HTTP, but inside of TLS. */
export interface ArrivedConnection {
  /** What it is for, which a redirected connection keeps. Absent: no address that a chain names. */
  readonly address?: string;
  /** Absent: no TLS. */
  readonly tls?: ClientHello;
}

/** What a client says of itself where TLS begins. */
export interface ClientHello {
  /** Lower case. Absent: it asks for no name. */
  readonly serverName?: string;
  /** By ALPN, those that it likes better first. */
  readonly applicationProtocols: readonly string[];
}

/** What is compared, in this order. */
export type Compared = "address" | "serverName" | "applicationProtocol";

export interface ChainTrial {
  readonly chain: FilterChain;
  readonly match: ChainMatch;
  /** What it was left out by. Absent: it took the connection. */
  readonly failed?: {
    readonly compared: Compared;
    /** It would have taken the connection, were it not for the one that names it more exactly. */
    readonly isOutranked: boolean;
  };
}

export interface ChosenChain {
  readonly chain?: FilterChain;
  /** All, in their order. */
  readonly trials: readonly ChainTrial[];
}

/** How well a chain fits; `undefined`: not at all. */
type Rank = (match: ChainMatch) => number | undefined;

export function chooseChain(sharing: Sharing, connection: ArrivedConnection): ChosenChain {
  // Without it, Envoy does not look into TLS.
  const hello = sharing.some(hasNames) ? connection.tls : undefined;
  const ranks: readonly (readonly [Compared, Rank])[] = [
    ["address", ({ ranges }) => (ranges ? bitsOf(ranges, connection.address) : 0)],
    ["serverName", ({ serverNames }) => rankOfName(serverNames, hello?.serverName)],
    [
      "applicationProtocol",
      ({ applicationProtocols }) => rankOfProtocol(applicationProtocols, hello?.applicationProtocols ?? []),
    ],
  ];
  const failed = new Map<FilterChain, ChainTrial["failed"]>();
  const matches = new Map(sharing.map((chain) => [chain, chainMatch(chain, sharing)]));
  let left: readonly FilterChain[] = sharing;
  for (const [compared, rank] of ranks) {
    const ranked = left.map((chain) => [chain, rank(matches.get(chain)!)] as const);
    const best = Math.max(...ranked.map(([, own = Number.NEGATIVE_INFINITY]) => own));
    for (const [chain, own] of ranked) {
      if (own !== best) {
        failed.set(chain, { compared, isOutranked: own !== undefined });
      }
    }
    left = left.filter((chain) => !failed.has(chain));
  }
  const [chain] = left;
  return {
    ...(chain && { chain }),
    trials: sharing.map((one) => {
      const why = failed.get(one);
      return { chain: one, match: matches.get(one)!, ...(why && { failed: why }) };
    }),
  };
}

/** Of the narrowest range that holds the address. */
function bitsOf(ranges: readonly string[], address: string | undefined): number | undefined {
  if (address === undefined) {
    return ranges.some((range) => range.endsWith("/0")) ? 0 : undefined;
  }
  const parsed = ipaddr.parse(address);
  const bits = ranges
    .map((range) => ipaddr.parseCIDR(range))
    .filter(([network, length]) => network.kind() === parsed.kind() && parsed.match(network, length))
    .map(([, length]) => length);
  return bits.length === 0 ? undefined : Math.max(...bits);
}

/** The name itself, the longest wildcard, any. */
function rankOfName(names: readonly string[], asked: string | undefined): number | undefined {
  if (names.length === 0) {
    return 0;
  }
  if (asked === undefined) {
    return undefined;
  }
  if (names.includes(asked)) {
    return Number.POSITIVE_INFINITY;
  }
  const suffixes = names.filter((name) => name.startsWith("*") && asked.endsWith(name.slice(1)));
  return suffixes.length === 0 ? undefined : Math.max(...suffixes.map(({ length }) => length));
}

/** What the client likes best, any. */
function rankOfProtocol(
  protocols: readonly string[] | undefined,
  proposed: readonly string[],
): number | undefined {
  if (protocols === undefined) {
    return 0;
  }
  const best = proposed.findIndex((protocol) => protocols.includes(protocol));
  return best < 0 ? undefined : proposed.length - best;
}

export type ConnectionOutcome =
  /** Each connection goes to one of them; those that lead nowhere are among them. */
  | { readonly kind: "forward"; readonly destinations: TcpChain["destinations"] }
  /** HTTP is read in it, and decided by request. */
  | { readonly kind: "http" }
  /** Envoy takes it, and ends it. */
  | { readonly kind: "closed"; readonly why: string };

/** What becomes of a connection, for the chain that took it. */
export function connectionOutcome(
  chain: FilterChain | undefined,
  { tls }: ArrivedConnection,
  clusterOf: (name: string) => Cluster | undefined,
): ConnectionOutcome {
  if (chain === undefined) {
    return { kind: "closed", why: "no filter chain of the listener is for it" };
  }
  if (chain.tls !== undefined && tls === undefined) {
    return { kind: "closed", why: "TLS ends at this chain, and the client does not speak it" };
  }
  if (readsHttp(chain)) {
    return chain.tls === undefined && tls !== undefined
      ? { kind: "closed", why: "HTTP is read at this chain, and TLS is not HTTP" }
      : { kind: "http" };
  }
  if (chain.lookupPort !== undefined && tls?.serverName === undefined) {
    return { kind: "closed", why: "the server name says where it goes, and the client asks for none" };
  }
  const { destinations } = chain;
  const dead = destinations.map(({ cluster }) => whyUnreachable(cluster, clusterOf(cluster)));
  return dead.every((why) => why !== undefined)
    ? { kind: "closed", why: [...new Set(dead)].join("; ") }
    : { kind: "forward", destinations };
}

/** Why connections for a cluster are closed; `undefined`: they are not. */
export function whyUnreachable(name: string, cluster: Cluster | undefined): string | undefined {
  if (cluster === undefined) {
    return `there is no cluster ${name}`;
  }
  const { kind, endpoints } = cluster.discovery;
  const isReachable = isLookedUp(kind) || endpoints.some(({ unhealthy }) => !unhealthy);
  return isReachable ? undefined : `${name} has no endpoints`;
}
