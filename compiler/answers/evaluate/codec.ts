/**
 * What Envoy answers before any rule is asked: what its codecs and its connection manager refuse. Measured with raw bytes
 * of Envoy 1.36 and 1.40, whose default limits are in force; test/protocol/refused.test.ts holds it against an Envoy.
 */

import type { Listener } from "../../ir/ir.ts";
import { type RequestAt, targetOf } from "../request/request-at.ts";
import type { HeaderLine } from "../request/wire.ts";
import { isOneLine } from "./one-line.ts";

/** An answer in place of one by rules. */
export interface Refusal {
  readonly kind: "refused";
  /** Absent: the stream or the connection ends without an answer, as HTTP/2 does with what is no request. */
  readonly status?: number;
  /** Where the client is sent instead. */
  readonly location?: string;
  /** As a client of gRPC is told it, with status 200. */
  readonly grpcStatus?: number;
  readonly body: string;
  readonly why: string;
}

/** `max_request_headers_kb`, for HTTP/1.1 with the request line and all separators. */
const MAX_HEAD_BYTES = 60 * 1024;
/** `max_headers_count`; HTTP/2 counts `:method`, `:path` and so on with them. */
const MAX_HEADERS = 100;
const PSEUDO_HEADERS = 4;
/** Names that a `connection` header may list. */
const MAX_NOMINATED = 9;

/** All that Envoy's HTTP/1.1 parser knows (Balsa). */
export const HTTP1_METHODS: ReadonlySet<string> = new Set(
  `GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH ACL BIND CHECKOUT COPY LINK LOCK MERGE MKACTIVITY MKCALENDAR
  MKCOL MOVE MSEARCH NOTIFY PROPFIND PROPPATCH PURGE QUERY REBIND REPORT SEARCH SOURCE SUBSCRIBE UNBIND UNLINK UNLOCK
  UNSUBSCRIBE`.split(/\s+/),
);

/** Characters of a host, with its port. HTTP/2 has no user before it. */
const HOST = /^[A-Za-z0-9\-._~%!$&'()*+,;=:[\]@]*$/;
const NOT_ASCII = /[^\x21-\x7e]/;
/** What HTTP/2 has no use for (RFC 9113, section 8.2.2). */
const OF_HTTP1: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
/** Nobody may have Envoy drop them. */
const NOT_NOMINATED: ReadonlySet<string> = new Set([
  "host",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
]);

export function refusalOf(
  asked: RequestAt,
  { role, tls, underscores }: Pick<Listener, "role" | "tls" | "underscores">,
): Refusal | undefined {
  const request = { ...asked, headers: withLength(asked) };
  const byCodec = request.protocol === "HTTP/2" ? refusedByHttp2(request) : refusedByHttp1(request);
  return (
    byCodec ??
    (underscores === "reject" ? refusedUnderscore(request) : undefined) ??
    refusedByManager(request, role === "gateway" && tls === undefined)
  );
}

/** As a codec finds it: over HTTP/2 only the stream ends. */
function refusedUnderscore({ headers, protocol }: RequestAt): Refusal | undefined {
  const name = headers.map(([name]) => name).find(hasUnderscore);
  if (name === undefined) {
    return undefined;
  }
  const why = `the name of the header ${name} has an underscore`;
  return protocol === "HTTP/2" ? { kind: "refused", body: "", why } : badRequest(why);
}

/** What some servers take for the same name with a hyphen. */
export function hasUnderscore(name: string): boolean {
  return name.includes("_");
}

/** Who sends a body says how long it is. */
export function withLength({ headers, body }: Pick<RequestAt, "headers" | "body">): readonly HeaderLine[] {
  return body === undefined || body === "" || headers.some(([name]) => name === "content-length")
    ? headers
    : [...headers, ["content-length", String(Buffer.byteLength(body))]];
}

function refused(status: number, body: string, why: string): Refusal {
  return { kind: "refused", status, body, why };
}

function badRequest(why: string): Refusal {
  return refused(400, "Bad Request", why);
}

function refusedByHttp1(request: RequestAt): Refusal | undefined {
  const { method, authority, path, headers, saysScheme } = request;
  if (!HTTP1_METHODS.has(method)) {
    return badRequest(`its HTTP/1.1 parser does not know the method ${method}${methodHint(method)}`);
  }
  if (NOT_ASCII.test(path)) {
    return badRequest("HTTP/1.1 allows only ASCII in a path; escape the other characters");
  }
  if (saysScheme !== undefined && !/^https?$/.test(saysScheme)) {
    return badRequest(`HTTP/1.1 requests are for http or https, not ${saysScheme}`);
  }
  if (!path.startsWith("/") && path !== "*" && method !== "CONNECT") {
    return badRequest("the path does not begin with a slash");
  }
  if (!HOST.test(authority)) {
    return badRequest("the host has characters that no host may have");
  }
  const bytes = bytesOfHttp1(request);
  if (bytes > MAX_HEAD_BYTES) {
    return tooLarge(`the request line and the headers have ${bytes} bytes, more than ${MAX_HEAD_BYTES}`);
  }
  const count = countOf(headers) + 1;
  return count > MAX_HEADERS
    ? tooLarge(`the request has ${count} headers, more than ${MAX_HEADERS}`)
    : refusedFraming(headers);
}

function tooLarge(why: string): Refusal {
  return refused(431, "Request Header Fields Too Large", why);
}

function methodHint(method: string): string {
  const upper = method.toUpperCase();
  return HTTP1_METHODS.has(upper) && upper !== method
    ? `; methods are case-sensitive: write ${upper}`
    : "; over HTTP/2 the request would reach the rules";
}

function refusedFraming(headers: readonly HeaderLine[]): Refusal | undefined {
  const lengths = valuesOf(headers, "content-length");
  const encodings = valuesOf(headers, "transfer-encoding");
  if (lengths.length > 1 || lengths.some((length) => !/^\d+$/.test(length.trim()))) {
    return badRequest("content-length has to be one number");
  }
  if (encodings.length > 0 && encodings.join().trim().toLowerCase() !== "chunked") {
    return refused(501, "Not Implemented", "it knows no transfer-encoding but chunked");
  }
  return lengths.length > 0 && encodings.length > 0
    ? badRequest("the request has a content-length and a transfer-encoding")
    : undefined;
}

function refusedByHttp2({
  authority,
  path,
  headers,
  method,
  saysScheme,
  secure,
}: RequestAt): Refusal | undefined {
  const closed = (why: string): Refusal => ({ kind: "refused", body: "", why });
  const own = headers.find(([name, value]) =>
    name === "te" ? value.toLowerCase() !== "trailers" : OF_HTTP1.has(name),
  );
  if (own !== undefined) {
    return closed(own[0] === "te" ? "HTTP/2 allows te: trailers only" : `HTTP/2 has no header ${own[0]}`);
  }
  if (authority === "" || authority.includes("@") || !HOST.test(authority)) {
    return closed("the host has characters that no host may have, or it is empty");
  }
  if (!path.startsWith("/") && path !== "*" && method !== "CONNECT") {
    return closed("the path does not begin with a slash");
  }
  const lengths = valuesOf(headers, "content-length");
  if (lengths.length > 1 || lengths.some((length) => !/^\d+$/.test(length))) {
    return closed("content-length has to be one number");
  }
  const scheme = saysScheme ?? (secure ? "https" : "http");
  const pseudo = ":method:scheme:authority:path".length + sizeOf([method, scheme, authority, path]);
  const bytes = headers.reduce((sum, line) => sum + sizeOf(line), pseudo);
  if (bytes > MAX_HEAD_BYTES) {
    return closed(`the headers have ${bytes} bytes, more than ${MAX_HEAD_BYTES}`);
  }
  const count = countOf(headers) + PSEUDO_HEADERS;
  return count > MAX_HEADERS
    ? closed(`the request has ${count} headers, more than ${MAX_HEADERS}`)
    : undefined;
}

/** The connection manager comes after the codec, and before every filter. */
function refusedByManager(
  { method, path, headers, protocol, saysScheme }: RequestAt,
  isClearTextEdge: boolean,
): Refusal | undefined {
  if (method === "CONNECT") {
    return refused(404, "", "CONNECT has no path, so no rule matches it");
  }
  if (path === "*") {
    return refused(404, "", "the path is *, so no rule matches it");
  }
  if (protocol === "HTTP/1.1" && saysScheme === "https" && isClearTextEdge) {
    return refused(403, "Forbidden", "the URL says https, and the connection is not TLS");
  }
  if (method === "QUERY" && valuesOf(headers, "content-type").length === 0) {
    return refused(400, "", "QUERY needs a content-type (Envoy 1.36 refuses QUERY over HTTP/1.1 altogether)");
  }
  const nominated = nominatedBy(headers);
  if (nominated.length > MAX_NOMINATED || nominated.some((name) => NOT_NOMINATED.has(name))) {
    return badRequest("its connection header names headers that may not be dropped, or too many");
  }
  const upgrade = upgradeOf(headers);
  if (upgrade === undefined || /^(?:websocket|h2c)$/i.test(upgrade)) {
    return undefined;
  }
  return /^connect-udp$/i.test(upgrade)
    ? refused(404, "The path is incorrect for CONNECT-UDP", "CONNECT-UDP needs a path of its own")
    : refused(403, "", `it upgrades connections to websocket only, not to ${upgrade}`);
}

/** What a connection is to be upgraded to: `upgrade`, if `connection` names it. */
export function upgradeOf(headers: readonly HeaderLine[]): string | undefined {
  const [upgrade] = valuesOf(headers, "upgrade");
  return upgrade !== undefined && nominatedBy(headers).includes("upgrade") ? upgrade.trim() : undefined;
}

/** In lower case. */
export function nominatedBy(headers: readonly HeaderLine[]): string[] {
  return valuesOf(headers, "connection").flatMap((value) =>
    value.split(",").map((token) => token.trim().toLowerCase()),
  );
}

function valuesOf(headers: readonly HeaderLine[], wanted: string): string[] {
  return headers.filter(([name]) => name === wanted).map(([, value]) => value);
}

/** Some names stand once, however many lines there are. */
function countOf(headers: readonly HeaderLine[]): number {
  const joined = new Set(headers.map(([name]) => name).filter(isOneLine));
  return joined.size + headers.filter(([name]) => !isOneLine(name)).length;
}

function bytesOfHttp1(request: RequestAt): number {
  const lines = [
    `${request.method} ${targetOf(request)} HTTP/1.1`,
    `host: ${request.authority}`,
    ...request.headers.map(([name, value]) => `${name}: ${value}`),
    "",
  ];
  return lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 2, 0);
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}
