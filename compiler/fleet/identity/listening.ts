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

/** An address that nobody should be served at like that; the message says what to write instead. */
export class ListenError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ListenError";
  }
}

export interface Protection {
  readonly hasTls: boolean;
  /** Clients have to prove who they are: by a certificate or a token. */
  readonly hasProof: boolean;
  /** Somebody said that the network itself is protected. */
  readonly allowsPlainText: boolean;
}

/** Reads an address to listen at, which is called `name` in messages. Throws a `ListenError`. */
export function protectedListen(
  name: string,
  text: string,
  { hasTls, hasProof, allowsPlainText }: Protection,
): ListenAddress {
  const listen = parseListen(text);
  if (listen === undefined) {
    throw new ListenError(
      `${name}: "${text}" is not valid; use an IP address and a port, such as 127.0.0.1:15010, or unix:/path`,
    );
  }
  if (isLocal(listen)) {
    return listen;
  }
  if (!hasTls && !allowsPlainText) {
    throw new ListenError(
      `${name}: ${text} can be reached from other machines, and keys and tokens would cross the network in plain text; use --tls-cert and --tls-key, or an address of 127.0.0.0/8, or --plain-text where the network itself encrypts`,
    );
  }
  if (!hasProof) {
    throw new ListenError(
      `${name}: ${text} can be reached from other machines, and anybody could ask for rules and keys; use --tls-client-ca, --token-file or --clients`,
    );
  }
  return listen;
}
