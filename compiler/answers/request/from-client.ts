/**
 * A request of a client as it reaches a listener: with what the proxies between the two have said of the client. That is what
 * a question is asked with that names a client, offline and of a real Envoy.
 */

import type { Listener } from "../../ir/ir.ts";
import { DIRECT } from "../../ir/topology.ts";
import type { AskedRequest } from "./asked.ts";
import type { HeaderLine } from "./wire.ts";

export interface FromClient {
  readonly headers: readonly HeaderLine[];
  /** The address of whoever connects, without a port. */
  readonly connection: string;
}

/** Whoever connects when nobody says it, and every proxy in front of an edge. */
export const NOBODY = "127.0.0.1";

/** More do not fit into a request: then a listener takes whoever connects for the client. */
const MOST_PROXIES = 1000;

/**
 * Each proxy in front appends to `x-forwarded-for` whom it was asked by, so that what a client itself says there stands before
 * it. Without a client, the request is what reaches the listener, word for word.
 */
export function fromClient(
  { from, headers }: Pick<AskedRequest, "from" | "headers">,
  { role, topology = DIRECT }: Pick<Listener, "role" | "topology">,
): FromClient {
  if (from === undefined) {
    return { headers, connection: NOBODY };
  }
  const { trustedProxies } = topology;
  if (role !== "gateway" || trustedProxies === 0 || trustedProxies > MOST_PROXIES) {
    return { headers, connection: from };
  }
  const told = [from, ...Array<string>(trustedProxies - 1).fill(NOBODY)].join(", ");
  return { headers: [...headers, ["x-forwarded-for", told]], connection: NOBODY };
}
