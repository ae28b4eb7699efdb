/** What a proxy binds. */

import type { Config } from "./ir.ts";

export interface Socket {
  /** Of whoever listens there, the first of several that share it. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly scheme: "http" | "https" | "tcp";
}

/** Each socket once, in the order of the listeners' names. */
export function socketsOf({ listeners, tcpChains = [] }: Config): Socket[] {
  const all: Socket[] = [
    ...listeners.map(({ name, address, port, tls }) => ({
      name,
      address,
      port,
      scheme: tls === undefined ? ("http" as const) : ("https" as const),
    })),
    ...tcpChains.map(({ name, listener = name, address, port }) => ({
      name: listener,
      address,
      port,
      scheme: "tcp" as const,
    })),
  ];
  const seen = new Set<string>();
  return all.filter(({ name, address, port }) => {
    const key = `${address} ${port === 0 ? name : port}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}
