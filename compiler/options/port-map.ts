/**
 * `--port-map`: which port is bound in the place of one that rules name. Rules name the ports of Gateways' servers and of
 * services, and one number may be both; `gateway:80` and `mesh:80` tell them apart, and win over the number alone.
 */

import type { Role } from "../ir/ir.ts";
import type { OptionKind } from "./kinds.ts";

/** A port of one kind of listener: `gateway:80` of a Gateway's servers, `mesh:80` of a sidecar's listener for services. */
export type ListenerPort = `${Role}:${number}`;

/** Port in the rules → port bound. */
export type PortMap = ReadonlyMap<number | ListenerPort, number>;

/** `otherwise`: what is bound where the map says nothing. */
export function boundPort(map: PortMap, role: Role, port: number, otherwise = port): number {
  return map.get(`${role}:${port}`) ?? map.get(port) ?? otherwise;
}

/** The port in the rules that is bound as this one. */
export function meantPort(map: PortMap, role: Role, bound: number): number {
  for (const [from, to] of map) {
    const [own, port] = typeof from === "number" ? [role, from] : partsOf(from);
    if (to === bound && own === role && boundPort(map, role, port) === bound) {
      return port;
    }
  }
  return bound;
}

function partsOf(listener: ListenerPort): readonly [Role, number] {
  const [role, port] = listener.split(":") as [Role, string];
  return [role, Number(port)];
}

const FROM = "(?:(?:gateway|mesh):)?[0-9]{1,5}";

export const portMap: OptionKind<PortMap, "pairs"> = {
  form: "pairs",
  read(given, fail) {
    const ports = new Map<number | ListenerPort, number>();
    for (const entry of given.flatMap((value) => value.split(","))) {
      const [, role, fromText, toText] = /^(?:(gateway|mesh):)?(\d{1,5})=(\d{1,5})$/.exec(entry.trim()) ?? [];
      const [port, to] = [Number(fromText), Number(toText)];
      if (!isBoundPort(port) || !isBoundPort(to)) {
        return fail(`"${entry}" is not valid; use two ports, such as 80=8080 or gateway:80=8080`);
      }
      const from = role === undefined ? port : (`${role as Role}:${port}` as const);
      if (ports.has(from) && ports.get(from) !== to) {
        return fail(`port ${from} is mapped to ${ports.get(from)} and to ${to}`);
      }
      ports.set(from, to);
    }
    return ports;
  },
  accepts: (value) =>
    value instanceof Map && [...value].every(([from, to]) => isMappedPort(from) && isBoundPort(to)),
  expected: 'a Map from port, or "gateway:PORT" or "mesh:PORT", to port, each an integer from 1 to 65535',
  schema: {
    anyOf: [
      {
        type: "object",
        additionalProperties: { type: "integer", minimum: 1, maximum: 65535 },
        propertyNames: { pattern: `^${FROM}$` },
      },
      { type: "array", items: { type: "string", pattern: `^${FROM}=[0-9]{1,5}$` } },
    ],
  },
};

function isMappedPort(from: unknown): boolean {
  const text = typeof from === "string" ? /^(?:gateway|mesh):(\d{1,5})$/.exec(from)?.[1] : undefined;
  return isBoundPort(text === undefined ? from : Number(text));
}

function isBoundPort(port: unknown): port is number {
  return Number.isInteger(port) && Number(port) >= 1 && Number(port) <= 65535;
}
