/**
 * What this machine lacks for a configuration, as far as that can be seen without an Envoy: so that nothing is changed for a
 * change that could not be made.
 */

import type { Config } from "../ir/ir.ts";
import { socketsOf } from "../ir/sockets.ts";
import { portProblems, type WantedPort } from "./envoy/ports.ts";

/** One line for each obstacle. `before`: what runs now, whose ports are its own. */
export async function obstaclesTo(config: Config, before?: Config): Promise<string[]> {
  const key = ({ address, port, protocol }: WantedPort) => `${address} ${port} ${protocol}`;
  const own = new Set(before === undefined ? [] : portsOf(before).map(key));
  return portProblems(portsOf(config).filter((socket) => !own.has(key(socket))));
}

function portsOf(config: Config): WantedPort[] {
  const { dns } = config;
  return [
    ...socketsOf(config).map(({ name, address, port }) => ({ name: `listener ${name}`, address, port })),
    ...(dns === undefined
      ? []
      : [{ name: "--dns", address: dns.address, port: dns.port, protocol: "udp" as const }]),
  ];
}
