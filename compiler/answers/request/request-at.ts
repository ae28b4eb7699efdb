/**
 * A request on its way to one listener. A URL says `http`, `https` or another scheme; whether the connection is TLS is the
 * listener's matter. Where the two differ, the client says its scheme itself: over HTTP/2 in `:scheme`, as whoever
 * asks through a load balancer that ends TLS does, over HTTP/1.1 in an absolute-form target (RFC 9112, section 3.2.2).
 */

import type { AskedRequest } from "./asked.ts";

export interface RequestAt extends Omit<AskedRequest, "scheme"> {
  readonly protocol: "HTTP/1.1" | "HTTP/2";
  /** Where it is not that of the connection. */
  readonly saysScheme?: string;
}

/** `tls`: whether the listener terminates TLS. A request that names no protocol goes over HTTP/2 where it says its scheme. */
export function requestAt(
  { scheme, secure, protocol, ...request }: AskedRequest,
  { tls }: { readonly tls?: unknown },
): RequestAt {
  const wanted = scheme ?? (secure ? "https" : "http");
  const saysScheme = wanted === schemeOf(tls !== undefined) ? undefined : wanted;
  return {
    ...request,
    protocol: protocol ?? (saysScheme === undefined ? "HTTP/1.1" : "HTTP/2"),
    ...(tls !== undefined && { secure: true }),
    ...(saysScheme !== undefined && { saysScheme }),
  };
}

/** Of a connection. */
export function schemeOf(secure: boolean | undefined): "http" | "https" {
  return secure ? "https" : "http";
}

/** What stands in the request line of HTTP/1.1. */
export function targetOf({ saysScheme, authority, path }: RequestAt): string {
  return saysScheme === undefined ? path : `${saysScheme}://${authority}${path}`;
}

export function urlOf({ scheme, secure, authority, path }: AskedRequest): string {
  return `${scheme ?? schemeOf(secure)}://${authority}${path}`;
}
