/**
 * Who shares a socket, and which of those a connection is for: the filter chains of one Envoy listener, each with what Envoy
 * compares (`FilterChainMatch`). What is written for Envoy and what is said of connections without one are both made from this.
 */

import type { Listener, TcpChain } from "./ir.ts";

/** HTTP is read in the connections of a listener, and in those of other chains it is not. */
export type FilterChain = Listener | TcpChain;

/** At least one, all of one socket, which clients tell apart. */
export type Sharing = readonly FilterChain[];

/** What a connection has to have for a chain to take it; what is absent, or empty, makes no difference. */
export interface ChainMatch {
  /** CIDR ranges of the address that it is for. */
  readonly ranges?: readonly string[];
  /** What is asked for by TLS, lower case; `*.suffix` is possible. */
  readonly serverNames: readonly string[];
  /** Of which one is proposed by ALPN, or is what the first bytes look like. */
  readonly applicationProtocols?: readonly string[];
}

/** What Envoy's HTTP inspector calls HTTP that it has seen. */
const HTTP_PROTOCOLS = ["http/1.0", "http/1.1", "h2c"];

/** Whatever a connection is for. Beside others that have ranges, what has none must say so. */
export const ANY_ADDRESS: readonly string[] = ["0.0.0.0/0", "::/0"];

export function readsHttp(chain: FilterChain): chain is Listener {
  return "routes" in chain;
}

/** Whether clients say whom they mean before the first byte is for anybody. */
export function hasNames(chain: FilterChain): boolean {
  return chain.tls !== undefined || ("readsServerName" in chain && chain.readsServerName === true);
}

/** Those with TLS share the listener of their port, as do those of one port of the mesh. */
export function bySocket(chains: readonly FilterChain[]): Sharing[] {
  const sockets = new Map<string, FilterChain[]>();
  for (const chain of chains) {
    const own = "listener" in chain ? chain.listener : undefined;
    const socket = own ?? (hasNames(chain) ? `${chain.address} ${chain.port}` : chain.name);
    const sharing = sockets.get(socket);
    if (sharing === undefined) {
      sockets.set(socket, [chain]);
    } else {
      sharing.push(chain);
    }
  }
  return [...sockets.values()];
}

/** What the listener is called that has these chains. */
export function listenerName(sharing: Sharing): string {
  const [first] = sharing as [FilterChain];
  const [own] = sharing.flatMap((chain) => ("listener" in chain ? chain.listener : []));
  return own ?? (sharing.some(hasNames) ? `tls_${first.address}_${first.port}` : first.name);
}

/** Whether it matters which address a connection is for. */
export function hasRanges(sharing: Sharing): boolean {
  return sharing.some((chain) => "addresses" in chain);
}

/** Whether the first bytes of connections are looked at. */
export function sniffs(sharing: Sharing): boolean {
  return sharing.some((chain) => "sniffs" in chain);
}

/** What one of those that share a socket is for. */
export function chainMatch(chain: FilterChain, sharing: Sharing): ChainMatch {
  const applicationProtocols = readsHttp(chain) ? chain.sniffs && HTTP_PROTOCOLS : chain.applicationProtocols;
  return {
    ...(hasRanges(sharing) && { ranges: rangesOf(chain) }),
    serverNames: readsHttp(chain) ? (chain.tls?.serverNames ?? []) : chain.serverNames,
    ...(applicationProtocols && { applicationProtocols }),
  };
}

function rangesOf(chain: FilterChain): readonly string[] {
  return readsHttp(chain)
    ? [...new Set([...(chain.sniffs?.addresses ?? []), ...ANY_ADDRESS])]
    : (chain.addresses ?? ANY_ADDRESS);
}
