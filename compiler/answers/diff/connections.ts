/**
 * Connections in which no HTTP is read, by `tcp` and `tls` rules: for each port, each name and each range of addresses
 * that some chain of either side is for is asked of both sides, as Envoy chooses among chains.
 */

import ipaddr from "ipaddr.js";
import type { Config, Listener, TcpChain } from "../../ir/ir.ts";
import { splitText } from "./describe.ts";

export interface ConnectionChange {
  /** That is bound. */
  readonly port: number;
  /** What the client asks for by TLS; absent: no name, or no TLS. */
  readonly serverName?: string;
  /** What the connection is for; absent: the proxy itself. */
  readonly address?: string;
  readonly before: string;
  readonly after: string;
}

export function changedConnections(before: Config, after: Config): ConnectionChange[] {
  const sockets = new Map<string, TcpChain>();
  for (const chain of [...(before.tcpChains ?? []), ...(after.tcpChains ?? [])]) {
    sockets.set(socketOf(chain), chain);
  }
  return [...sockets]
    .sort(([, a], [, b]) => a.port - b.port)
    .flatMap(([socket, { port }]) => changesAt(port, doorsAt(socket, before), doorsAt(socket, after)));
}

/** A filter chain. Those of HTTP stand beside the others. */
type Door = Listener | TcpChain;

const isHttp = (door: Door): door is Listener => "routes" in door;

/** A Gateway and the mesh may have the same port, of which neither is bound where rules are compared. */
function socketOf({ role, address, port }: Door): string {
  return `${role} ${address} ${port}`;
}

/** Where what is no HTTP can be told, it goes to those that read none. */
function doorsAt(wanted: string, { listeners, tcpChains = [] }: Config): Door[] {
  return [...tcpChains, ...listeners].filter((door) => socketOf(door) === wanted);
}

function changesAt(port: number, old: readonly Door[], now: readonly Door[]): ConnectionChange[] {
  const changes = new Map<string, ConnectionChange>();
  for (const [serverName, address] of questions(old, now)) {
    const [was, is] = [chosen(old, address, serverName), chosen(now, address, serverName)];
    if ([was, is].every((door) => door === undefined || isHttp(door))) {
      continue;
    }
    const [before, after] = [fateOf(was), fateOf(is)];
    // Each name is a connection of its own; the addresses of one mostly go together.
    const key = JSON.stringify([serverName, before, after]);
    // What happens to every connection need not be told of each name.
    if (before === after || changes.has(key) || changes.has(JSON.stringify([null, before, after]))) {
      continue;
    }
    changes.set(key, {
      port,
      ...(serverName !== undefined && { serverName }),
      ...(address !== undefined && { address }),
      before,
      after,
    });
  }
  return [...changes.values()];
}

type Question = readonly [serverName: string | undefined, address: string | undefined];

/** What the chains are for that only one side has. Those without a name come first. */
function questions(old: readonly Door[], now: readonly Door[]): Question[] {
  const identity = (door: Door) => JSON.stringify([namesOf(door), rangesOf(door), fateOf(door)]);
  const [ofOld, ofNow] = [new Set(old.map(identity)), new Set(now.map(identity))];
  const asked = new Map<string, Question>();
  for (const door of [...old, ...now]) {
    const key = identity(door);
    if (ofOld.has(key) && ofNow.has(key)) {
      continue;
    }
    const names = namesOf(door).map((name) => name.replace(/^\*/, "any"));
    const addresses = rangesOf(door).flatMap((range) => (range.endsWith("/0") ? [] : [range.split("/")[0]!]));
    for (const name of names.length > 0 ? names : [undefined]) {
      for (const address of addresses.length > 0 ? addresses : [undefined]) {
        asked.set(`${name} ${address}`, [name, address]);
      }
    }
  }
  return [...asked.values()].sort(([a], [b]) => Number(a !== undefined) - Number(b !== undefined));
}

const namesOf = (door: Door): readonly string[] =>
  (isHttp(door) ? door.tls?.serverNames : door.serverNames) ?? [];
const rangesOf = (door: Door): readonly string[] => (isHttp(door) ? [] : (door.addresses ?? []));

/** The narrowest range of addresses first, then the name: exact, the longest wildcard, any. */
function chosen(
  doors: readonly Door[],
  address: string | undefined,
  serverName: string | undefined,
): Door | undefined {
  const inRange = doors.flatMap((door) => {
    const bits = bitsOf(door, address);
    return bits === undefined ? [] : [{ door, bits }];
  });
  const narrowest = Math.max(...inRange.map(({ bits }) => bits));
  const named = inRange.flatMap(({ door, bits }) => {
    const rank = bits === narrowest ? rankOf(namesOf(door), serverName) : undefined;
    return rank === undefined ? [] : [{ door, rank }];
  });
  return named.sort((a, b) => b.rank - a.rank)[0]?.door;
}

/** Of the range that holds the address; 0 for any, `undefined` for none. */
function bitsOf(door: Door, address: string | undefined): number | undefined {
  const ranges = rangesOf(door);
  if (ranges.length === 0) {
    return 0;
  }
  if (address === undefined) {
    return ranges.some((range) => range.endsWith("/0")) ? 0 : undefined;
  }
  const parsed = ipaddr.parse(address);
  const bits = ranges
    .map((range) => ipaddr.parseCIDR(range))
    .filter(([network, length]) => network.kind() === parsed.kind() && parsed.match(network, length))
    .map(([, length]) => length);
  return bits.length === 0 ? undefined : Math.max(...bits);
}

function rankOf(names: readonly string[], serverName: string | undefined): number | undefined {
  if (names.length === 0) {
    return 0;
  }
  if (serverName === undefined) {
    return undefined;
  }
  if (names.includes(serverName)) {
    return Number.POSITIVE_INFINITY;
  }
  const suffixes = names.filter((name) => name.startsWith("*") && serverName.endsWith(name.slice(1)));
  return suffixes.length === 0 ? undefined : Math.max(...suffixes.map(({ length }) => length));
}

function fateOf(door: Door | undefined): string {
  if (door === undefined) {
    return "closed";
  }
  const begun = door.proxyProtocol ? ", after a PROXY protocol header" : "";
  const ended = `${begun}${door.tls === undefined ? "" : ", TLS terminated"}`;
  return isHttp(door) ? `read as HTTP by ${door.name}${ended}` : `to ${splitText(door.destinations)}${ended}`;
}
