/** What a proxy binds. */

import { isIPv6 } from "node:net";
import type { Config, Role } from "./ir.ts";

export interface Socket {
  /** Of whoever listens there, the first of several that share it. */
  readonly name: string;
  readonly role: Role;
  readonly address: string;
  readonly port: number;
  /** The port that clients mean, where that is known to be another. */
  readonly servicePort?: number;
  readonly scheme: "http" | "https" | "tcp";
}

/** Where it is, for people. */
export function formatSocket(address: string, port: number): string {
  if (address.startsWith("unix:")) {
    return address;
  }
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

/** Each socket once, in the order of the listeners' names. */
export function socketsOf({ listeners, tcpChains = [] }: Config): Socket[] {
  const all: Socket[] = [
    ...listeners.map(({ name, role, address, port, servicePort, tls }) => ({
      name,
      role,
      address,
      port,
      ...meant(port, servicePort),
      scheme: tls === undefined ? ("http" as const) : ("https" as const),
    })),
    ...tcpChains.map(({ name, role, listener = name, address, port, servicePort }) => ({
      name: listener,
      role,
      address,
      port,
      ...meant(port, servicePort),
      scheme: "tcp" as const,
    })),
  ];
  const seen = new Set<string>();
  return all.filter(({ name, address, port }) => {
    const key = `${address} ${port === 0 && !address.startsWith("unix:") ? name : port}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

function meant(port: number, servicePort: number | undefined): Pick<Socket, "servicePort"> {
  return servicePort === undefined || servicePort === port ? {} : { servicePort };
}
