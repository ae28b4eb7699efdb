/** A connection that somebody asks about, written as `tcp://host:port` or `tls://server.name:port`. */

import { isIP, isIPv6 } from "node:net";
import { isClientAddress, RequestError } from "./asked.ts";

/** A connection as a client would open it: what `parseConnection` makes. */
export interface AskedConnection {
  /** The name that the client looks up, in lower case, or an address. */
  readonly host: string;
  /** The port that the client means, before any `--port-map`. */
  readonly port: number;
  /** The client begins with TLS. Absent: with bytes that are neither TLS nor HTTP. */
  readonly tls?: {
    /** What it asks for (SNI), in lower case. Absent: nothing. */
    readonly serverName?: string;
    /** What it proposes by ALPN, those that it likes better first. */
    readonly applicationProtocols: readonly string[];
  };
  /** The address that the client connects to. Absent: that of the host, as far as the rules know it. */
  readonly to?: string;
  /** The address of the client. No chain is chosen by it. */
  readonly from?: string;
}

/** What a URL does not say. */
export interface ConnectionDetails {
  readonly to?: string | undefined;
  readonly from?: string | undefined;
  readonly applicationProtocols?: readonly string[] | undefined;
}

const EXAMPLE = 'use "tcp://host:port" or "tls://server.name"';
const TLS_PORT = 443;
/** Labels of letters, digits, `-` and `_`; sidecars ask for names such as `outbound_.80_._.host`. */
const NAME = /^(?!-)[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/;

/** Whether a text is meant as a connection rather than a request. */
export function isConnectionUrl(text: string): boolean {
  return /^(?:tcp|tls):/i.test(text.trim());
}

/** Throws a `RequestError` that says what to write. The port of `tls://` is 443 where it is not given. */
export function parseConnection(text: string, details: ConnectionDetails = {}): AskedConnection {
  const { to, from, applicationProtocols = [] } = details;
  const quoted = JSON.stringify(text);
  const [, scheme, authority = "", rest = ""] = /^(tcp|tls):\/\/([^/?#]*)(.*)$/is.exec(text.trim()) ?? [];
  if (scheme === undefined) {
    throw new RequestError(`${quoted} is not a valid connection; ${EXAMPLE}`);
  }
  if (rest !== "" && rest !== "/") {
    throw new RequestError(`${quoted}: a connection has no path; remove ${JSON.stringify(rest)}`);
  }
  if (authority.includes("@")) {
    throw new RequestError(`${quoted}: a connection has no user; ${EXAMPLE}`);
  }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*))(?::(.*))?$/s.exec(authority) ?? [];
  const host = (bracketed ?? plain)?.toLowerCase();
  if (host === undefined || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw new RequestError(`${quoted}: ${JSON.stringify(authority)} is not a host and a port; ${EXAMPLE}`);
  }
  if (bracketed === undefined && /:.*:/.test(authority)) {
    throw new RequestError(`${quoted}: an IPv6 address stands in brackets; write ${scheme}://[address]:port`);
  }
  if (host === "") {
    throw new RequestError(`${quoted} names no host; ${EXAMPLE}`);
  }
  const isAddress = isIP(host) !== 0;
  if (!isAddress && !NAME.test(host)) {
    throw new RequestError(`${quoted}: ${JSON.stringify(host)} is not a valid host; ${EXAMPLE}`);
  }
  const isTls = scheme.toLowerCase() === "tls";
  if (!isTls && applicationProtocols.length > 0) {
    throw new RequestError(`${quoted}: only TLS proposes protocols (ALPN); write tls:// instead of tcp://`);
  }
  return {
    host: host.replace(/\.$/, ""),
    port: readPort(digits, isTls, quoted),
    ...(isTls && {
      tls: { ...(!isAddress && { serverName: host.replace(/\.$/, "") }), applicationProtocols },
    }),
    ...(to !== undefined && { to: readAddress(to) }),
    ...(from !== undefined && { from: readAddress(from) }),
  };
}

/** As `parseConnection` reads it, without what stands beside it. */
export function connectionUrl({ host, port, tls }: AskedConnection): string {
  return `${tls ? "tls" : "tcp"}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

function readPort(digits: string | undefined, isTls: boolean, quoted: string): number {
  if (digits === undefined && isTls) {
    return TLS_PORT;
  }
  if (digits === undefined) {
    throw new RequestError(`${quoted} names no port; write tcp://host:port`);
  }
  const port = Number(digits);
  if (!/^\d+$/.test(digits) || port < 1 || port > 65_535) {
    throw new RequestError(`${quoted}: ${JSON.stringify(digits)} is not a valid port; use 1 to 65535`);
  }
  return port;
}

function readAddress(text: string): string {
  if (!isClientAddress(text)) {
    throw new RequestError(
      `${JSON.stringify(text)} is not a valid address; use an IPv4 or IPv6 address without a port`,
    );
  }
  return text;
}
