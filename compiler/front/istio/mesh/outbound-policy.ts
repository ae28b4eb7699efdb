/** What becomes of a request to the mesh for a host that nobody registered. */

import type { Route, VirtualHost } from "../../../ir/ir.ts";
import { NO_RETRY } from "../rules/retries.ts";

/**
 * The virtual host that takes every other host. `cluster`: where it sends to; absent where only registered hosts may be asked for.
 * `ownPorts` are those of this proxy.
 */
export function catchAll(cluster: string | undefined, ownPorts: readonly number[]): VirtualHost {
  return cluster === undefined
    ? { name: "block_all", domains: ["*"], routes: [BLOCK_ALL] }
    : { name: "allow_any", domains: ["*"], routes: [...blackHoles(ownPorts), allowAny(cluster)] };
}

/** istiod has this one where only registered hosts may be asked for. */
const BLOCK_ALL: Route = {
  name: "block_all",
  match: { headers: [], queryParams: [] },
  action: { kind: "directResponse", status: 502, body: "" },
};

/** As for istiod, nothing limits how long an answer may take. */
function allowAny(cluster: string): Route {
  return {
    name: "allow_any",
    match: { headers: [], queryParams: [] },
    action: {
      kind: "forward",
      destinations: [{ cluster, weight: 1 }],
      timeoutMs: 0,
      retry: NO_RETRY,
    },
  };
}

/**
 * A request that names the proxy itself would go round and round until its client gives up, and one that names its
 * admin interface would stop it. Names of this machine are many, so that the port is what tells; istiod's listener has a
 * black hole for its own port, too.
 */
function blackHoles(ownPorts: readonly number[]): Route[] {
  if (ownPorts.length === 0) {
    return [];
  }
  // Envoy reads a sign and zeros before the number.
  const value = `.*:\\+?0*(?:${ownPorts.join("|")})`;
  const authority = {
    name: ":authority",
    match: { kind: "regex", value },
    invert: false,
    missingAsEmpty: false,
  } as const;
  return [{ ...BLOCK_ALL, name: "black_hole", match: { headers: [authority], queryParams: [] } }];
}
