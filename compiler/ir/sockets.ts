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
    ...tcpChains.map(({ name, address, port }) => ({ name, address, port, scheme: "tcp" as const })),
  ];
  const seen = new Set<string>();
  return all.filter(({ address, port }) => {
    const key = `${address} ${port}`;
    const isNew = port === 0 || !seen.has(key);
    seen.add(key);
    return isNew;
  });
}
