/**
 * What a proxy claims, as options of a proxy: its namespace, its labels, where it runs, and the ports that it has in its
 * metadata. Whatever it does not claim is what the server's own options say.
 */

import { type ListenerPort, type PortMap, portMap } from "../../options/port-map.ts";
import { PROXY_OPTIONS, type ProxyOptions } from "../../options.ts";
import { NodeError, type ProxyNode } from "../model/node.ts";

/** Options that a node has in its metadata, by their names there; each is read as its flag would be. */
const IN_METADATA = {
  MESH_PORT: "meshPort",
  MESH_LISTENERS: "meshListeners",
  LISTEN_ADDRESS: "listenAddress",
  TARGET: "target",
} as const satisfies Readonly<Record<string, keyof ProxyOptions>>;

/** Throws a `NodeError` for a claim that means nothing. */
export function claimedOptions(node: ProxyNode, defaults: ProxyOptions): ProxyOptions {
  const { namespace, labels, locality, metadata } = node;
  return {
    ...defaults,
    ...(namespace !== undefined && { proxyNamespace: namespace }),
    ...(labels !== undefined && { proxyLabels: labels }),
    ...(locality !== undefined && {
      proxyLocality: [locality.region, locality.zone, locality.subZone].join("/").replace(/\/+$/, ""),
    }),
    ...(metadata.PORT_MAP !== undefined && { portMap: readPortMap(metadata.PORT_MAP) }),
    ...Object.fromEntries(
      Object.entries(IN_METADATA)
        .filter(([name]) => metadata[name] !== undefined)
        .map(([name, option]) => [option, readOption(name, option, metadata[name])]),
    ),
  };
}

/** A mapping, as in `sluice.yaml`. */
function readPortMap(value: unknown): PortMap {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new NodeError("PORT_MAP in the node's metadata is not a map from ports to ports");
  }
  const read = portMap.read(
    Object.entries(value).map(([from, to]) => `${from}=${String(to)}`),
    (problem) => {
      throw new NodeError(`PORT_MAP in the node's metadata: ${problem}`);
    },
  );
  return read as ReadonlyMap<number | ListenerPort, number>;
}

function readOption(name: string, option: keyof ProxyOptions, value: unknown): unknown {
  const { kind } = PROXY_OPTIONS[option];
  const fail = (problem: string): never => {
    throw new NodeError(`${name} in the node's metadata: ${problem}`);
  };
  if (kind.form === "flag") {
    return value === true || value === "true"
      ? true
      : value === false || value === "false"
        ? false
        : fail(`"${String(value)}" is not valid; use true or false`);
  }
  return (kind.read as (given: string, fail: (problem: string) => never) => unknown)(String(value), fail);
}
