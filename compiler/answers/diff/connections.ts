/**
 * Connections in which no HTTP is read, by `tcp` and `tls` rules: for each port, each name and each range of addresses
 * that some chain of either side is for is asked of both sides, as Envoy chooses among chains.
 */

import { type FilterChain, readsHttp } from "../../ir/filter-chains.ts";
import type { Config, TcpChain } from "../../ir/ir.ts";
import { chooseChain } from "../evaluate/connection.ts";
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

/** A Gateway and the mesh may have the same port, of which neither is bound where rules are compared. */
function socketOf({ role, address, port }: FilterChain): string {
  return `${role} ${address} ${port}`;
}

/** Where what is no HTTP can be told, it goes to those that read none. */
function doorsAt(wanted: string, { listeners, tcpChains = [] }: Config): FilterChain[] {
  return [...tcpChains, ...listeners].filter((door) => socketOf(door) === wanted);
}

function changesAt(
  port: number,
  old: readonly FilterChain[],
  now: readonly FilterChain[],
): ConnectionChange[] {
  const changes = new Map<string, ConnectionChange>();
  for (const [serverName, address] of questions(old, now)) {
    const [was, is] = [chosen(old, address, serverName), chosen(now, address, serverName)];
    if ([was, is].every((door) => door === undefined || readsHttp(door))) {
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
function questions(old: readonly FilterChain[], now: readonly FilterChain[]): Question[] {
  const identity = (door: FilterChain) => JSON.stringify([namesOf(door), rangesOf(door), fateOf(door)]);
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

const namesOf = (door: FilterChain): readonly string[] =>
  (readsHttp(door) ? door.tls?.serverNames : door.serverNames) ?? [];
const rangesOf = (door: FilterChain): readonly string[] => (readsHttp(door) ? [] : (door.addresses ?? []));

/** Who asks for a name proposes what chains look for beside it. */
function chosen(
  doors: readonly FilterChain[],
  address: string | undefined,
  serverName: string | undefined,
): FilterChain | undefined {
  const applicationProtocols = doors.flatMap((door) =>
    readsHttp(door) ? [] : (door.applicationProtocols ?? []),
  );
  return chooseChain(doors, {
    ...(address !== undefined && { address }),
    ...(serverName !== undefined && { tls: { serverName, applicationProtocols } }),
  }).chain;
}

function fateOf(door: FilterChain | undefined): string {
  if (door === undefined) {
    return "closed";
  }
  const begun = door.proxyProtocol ? ", after a PROXY protocol header" : "";
  const ended = `${begun}${door.tls === undefined ? "" : ", TLS terminated"}`;
  return readsHttp(door)
    ? `read as HTTP by ${door.name}${ended}`
    : `to ${splitText(door.destinations)}${ended}`;
}
