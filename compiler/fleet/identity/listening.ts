/** Where a server may listen without TLS: what crosses a network are keys, tokens, and rules that anybody could answer. */

import ipaddr from "ipaddr.js";

/** `address:port`, `[address]:port`, or `unix:/path`. */
export interface ListenAddress {
  readonly host: string;
  /** Absent for a Unix socket. */
  readonly port?: number;
}

/** Absent where the text is not an address to listen at. */
export function parseListen(text: string): ListenAddress | undefined {
  if (text.startsWith("unix:")) {
    return text.length > "unix:".length ? { host: text } : undefined;
  }
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host === undefined || Number(port) > 65535 || !(ipaddr.isValid(host) || host === "localhost")
    ? undefined
    : { host, port: Number(port) };
}

/** Whether only programs of this machine can connect. */
export function isLocal({ host }: ListenAddress): boolean {
  return (
    host.startsWith("unix:") ||
    host === "localhost" ||
    (ipaddr.isValid(host) && ipaddr.process(host).range() === "loopback")
  );
}
