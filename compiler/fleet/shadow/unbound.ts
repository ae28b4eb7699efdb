/**
 * What proxies are told, for an Envoy that nobody shall reach: the same resources, but that no listener binds its port. Everything
 * else of them is checked and warmed up as in a proxy.
 */

import { Resource, type ResourceSet } from "../../back/xds/resource-set.ts";

export function unbound(set: ResourceSet): ResourceSet {
  return {
    ...set,
    listener: new Map(
      [...set.listener]
        .filter(([, listener]) => !isOfUdp(listener))
        .map(([name, listener]) => [name, withoutPort(listener)]),
    ),
  };
}

/** Envoy refuses one that does not bind, and before 1.40 ends over it. */
function isOfUdp({ message }: Resource<"listener">): boolean {
  return "udp_listener_config" in message;
}

/** The same resource comes again with the next revision, and is then the same again. */
const known = new WeakMap<Resource<"listener">, Resource<"listener">>();

function withoutPort(listener: Resource<"listener">): Resource<"listener"> {
  let made = known.get(listener);
  if (made === undefined) {
    // One without an address is reached from inside of Envoy only.
    made =
      "address" in listener.message
        ? new Resource<"listener">({ ...listener, message: { ...listener.message, bind_to_port: false } })
        : listener;
    known.set(listener, made);
  }
  return made;
}
