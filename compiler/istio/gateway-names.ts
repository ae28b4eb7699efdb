/** Names of Gateways, as rules write them. */

/** The reserved name of no Gateway: the traffic between services. */
export const MESH = "mesh";

/**
 * `name`, `namespace/name` and `./name`; also the old form that looks like the host of a service,
 * `name.namespace.svc.cluster.local`.
 */
export function resolveGatewayName(name: string, namespace: string): string {
  if (name === MESH) {
    return name;
  }
  const slash = name.indexOf("/");
  if (slash >= 0) {
    return name.slice(0, slash) === "." ? `${namespace}${name.slice(slash)}` : name;
  }
  const [first = "", second] = name.split(".");
  return second === undefined ? `${namespace}/${first}` : `${second}/${first}`;
}
