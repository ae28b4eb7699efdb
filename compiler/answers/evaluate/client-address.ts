/**
 * Whom Envoy takes for the client of a request: that is what sticky splits, hashes, and `x-envoy-external-address` go by.
 * Source: Envoy's `ConnectionManagerUtility::mutateRequestHeaders` and `Utility::getLastAddressFromXFF`.
 */

import { isIPv4, isIPv6 } from "node:net";
import ipaddr from "ipaddr.js";
import type { Listener } from "../../ir/ir.ts";
import { DIRECT } from "../../ir/topology.ts";

export interface Client {
  /** Without a port, as Envoy writes it. */
  readonly address: string;
  /** Whoever connects: the same, unless a header says otherwise. */
  readonly connection: string;
  readonly by: "connection" | "x-forwarded-for";
}

/** `forwardedFor`: the whole header, as it comes. */
export function clientOf(
  connection: string,
  forwardedFor: string | undefined,
  { role, topology = DIRECT }: Pick<Listener, "role" | "topology">,
): Client {
  const { trustedProxies } = topology;
  // In the mesh, the last address is believed: whoever calls is a service, and says on whose behalf.
  const isRead = role === "mesh" || trustedProxies > 0;
  const named = isRead ? addressAt(forwardedFor, Math.max(0, trustedProxies - 1)) : undefined;
  const own = canonical(connection) ?? connection;
  return named === undefined
    ? { address: own, connection: own, by: "connection" }
    : { address: named, connection: own, by: "x-forwarded-for" };
}

/** The address before so many others at the end; `undefined` where there are fewer, or something else stands there. */
function addressAt(text: string | undefined, skipped: number): string | undefined {
  const entries = text?.split(",") ?? [];
  // A comma at the end is taken for a part of the address, and so for none; where others are skipped, for an end.
  const at = entries.length - 1 - skipped;
  return at < 0 ? undefined : canonical(entries[at]!.replace(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, ""));
}

function canonical(text: string): string | undefined {
  if (isIPv4(text)) {
    return text;
  }
  if (!isIPv6(text) || text.includes("%")) {
    return undefined;
  }
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? `::ffff:${address.toIPv4Address()}` : address.toRFC5952String();
}

/** With a port, as Envoy's properties and logs have it. */
export function withPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
