/**
 * The DNS server of a proxy: Envoy's DNS filter on a UDP socket. Names that it does not know are asked of the servers in
 * `/etc/resolv.conf`, as Istio's agent does.
 */

import { isIPv6 } from "node:net";
import type { DnsServer } from "../../ir/dns.ts";
import type { EnvoyListener } from "./listener.ts";
import { duration, type TypedConfig, typed } from "./protobuf.ts";

export const DNS_LISTENER = "dns";

/** That of Istio's agent (`defaultTTLInSeconds`): addresses follow a change of the rules as soon. */
const ANSWER_TTL_MS = 30_000;
/** The least that Envoy takes is a second. */
const RESOLVER_TIMEOUT_MS = 5_000;
/** Names that are being asked for elsewhere; a question beyond is answered with a failure. */
const MOST_PENDING = 256;

export function emitDnsListener({ address, port, domains }: DnsServer): TypedConfig<EnvoyListener> {
  return typed("envoy.config.listener.v3.Listener", {
    name: DNS_LISTENER,
    stat_prefix: DNS_LISTENER,
    traffic_direction: "OUTBOUND" as const,
    address: { socket_address: { protocol: "UDP" as const, address, port_value: port } },
    udp_listener_config: {},
    listener_filters: [
      {
        name: "envoy.filters.udp.dns_filter",
        typed_config: typed("envoy.extensions.filters.udp.dns_filter.v3.DnsFilterConfig", {
          stat_prefix: DNS_LISTENER,
          // Resolvers mix capitals into names, to make forged answers harder. Envoys before 1.40 compare them as they are.
          case_insensitive: true,
          server_config: {
            inline_dns_table: {
              external_retry_count: 1,
              virtual_domains: domains.map(({ name, addresses }) => ({
                name,
                endpoint: { address_list: { address: ofBothKinds(addresses) } },
                answer_ttl: duration(ANSWER_TTL_MS),
              })),
            },
          },
          client_config: {
            resolver_timeout: duration(RESOLVER_TIMEOUT_MS),
            max_pending_lookups: MOST_PENDING,
          },
        }),
      },
    ],
    filter_chains: [],
  });
}

/**
 * Who asks for IPv6 as well, and is told that there is no such name, believes it of IPv4, too (musl, in Alpine's images): Envoy
 * has no empty answer. An address of IPv4 written as one of IPv6 (RFC 4291, 2.5.5.2) leads to the same place.
 */
function ofBothKinds(addresses: readonly string[]): readonly string[] {
  return addresses.some(isIPv6)
    ? addresses
    : [...addresses, ...addresses.map((address) => `::ffff:${address}`)];
}
