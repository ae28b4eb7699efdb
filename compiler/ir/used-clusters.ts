/** Which clusters a listener's requests and connections can be sent to: those that have to be there for as long as it is. */

import { perStretch } from "../lists/stretches.ts";
import type { Config, Listener, TcpChain, VirtualHost } from "./ir.ts";

/** By the name of the listener or the chain. What stands before a cluster is there together with the cluster. */
export function usedClusters(config: Config): ReadonlyMap<string, ReadonlySet<string>> {
  const behind = new Map((config.upstreamFaults ?? []).map(({ name, cluster }) => [name, cluster]));
  return new Map(
    [...config.listeners, ...(config.tcpChains ?? [])].map((one) => [
      one.name,
      new Set([...namedBy(one)].flatMap((name) => [name, behind.get(name) ?? []].flat())),
    ]),
  );
}

function namedBy(one: Listener | TcpChain): Set<string> {
  const names = new Set<string>();
  if ("destinations" in one) {
    for (const { cluster } of one.destinations) {
      names.add(cluster);
    }
    return names;
  }
  for (const { keys } of one.authentication?.providers ?? []) {
    if (keys.kind === "remote") {
      names.add(keys.cluster);
    }
  }
  for (const stretch of namesInStretches(one.routes.virtualHosts)) {
    for (const name of stretch) {
      names.add(name);
    }
  }
  return names;
}

const namesInStretches = perStretch((hosts: readonly VirtualHost[]): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const { routes } of hosts) {
    for (const { action } of routes) {
      if (action.kind === "forward") {
        for (const { cluster, fault } of action.destinations) {
          names.add(cluster);
          names.add(fault ?? cluster);
        }
        for (const { cluster } of action.mirrors ?? []) {
          names.add(cluster);
        }
      }
    }
  }
  return names;
});
