/** A request that somebody asks about, written as `GET http://host/path`; nothing has been done to it yet. */

import { isIP } from "node:net";
import type { Claims } from "./claims.ts";
import type { HeaderLine } from "./wire.ts";

/** A request as a client would send it: what `makeRequest` and `parseCurl` make. */
export interface AskedRequest {
  readonly method: string;
  /** As a client would send it as `Host` or `:authority`. */
  readonly authority: string;
  /** With its query. */
  readonly path: string;
  /** In their order; repeated names are repeated lines. */
  readonly headers: readonly HeaderLine[];
  /** Absent: HTTP/1.1, or HTTP/2 where the URL's scheme is not that of the listener. */
  readonly protocol?: "HTTP/1.1" | "HTTP/2";
  /** The URL begins with `https`: over TLS, where the listener has it. */
  readonly secure?: true;
  /** Of the URL, where it is neither `http` nor `https`. In lower case, as Envoy has it. */
  readonly scheme?: string;
  readonly body?: string;
  /** The address of the client, before all proxies. Absent: the request is as it reaches the listener, from 127.0.0.1. */
  readonly from?: string;
  /** A token, put where the listener's rules look for one. */
  readonly jwt?: string;
  /** What a token says that is taken to have been verified. */
  readonly claims?: Claims;
}

/** What a URL and a method say. */
export type RequestLine = Pick<AskedRequest, "method" | "authority" | "path" | "secure" | "scheme">;

/** What was asked is no request; the message says what to write. */
export class RequestError extends Error {}

const METHOD = /^[!#$%&'*+.^_`|~\w-]+$/;
const HEADER_NAME = METHOD;
/** What would end a line, and with it begin another header. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
const FORBIDDEN_IN_VALUE = /[\u0000-\u0008\u000a-\u001f\u007f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these are refused
const FORBIDDEN_IN_URL = /[\u0000-\u0020\u007f]/;

/** `GET http://host:80/path?query`; without a method it is GET, without a scheme it is http. */
export function parseRequestLine(text: string): RequestLine {
  const [first = "", second, ...rest] = text.trim().split(/\s+/);
  // A method alone would be taken for a host.
  if (first === "" || rest.length > 0 || (second === undefined && /^[A-Z]+$/.test(first))) {
    throw new RequestError(`${JSON.stringify(text)} is not a valid request; use "METHOD http://host/path"`);
  }
  const [method, url] = second === undefined ? ["GET", first] : [first, second];
  return { method: readMethod(method), ...parseUrl(url) };
}

export function parseUrl(url: string): Omit<RequestLine, "method"> {
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?([^/?#\\]*)(.*)$/s.exec(url)!;
  const [, written = "http", authority = "", rest = ""] = match;
  const scheme = written.toLowerCase();
  // One slash is missing, and http would be the host.
  if (match[1] === undefined && /^https?:(?!\d+$)/i.test(authority)) {
    throw new RequestError(`${JSON.stringify(url)} is not a valid URL; use "http://host/path"`);
  }
  if (authority === "") {
    throw new RequestError(`no host in ${JSON.stringify(url)}; write "http://host/path"`);
  }
  if (FORBIDDEN_IN_URL.test(url)) {
    throw new RequestError(`the URL ${JSON.stringify(url)} contains a control character or a space`);
  }
  if (authority.includes("@")) {
    throw new RequestError(`the URL contains a user and password; use a header instead: "authorization: …"`);
  }
  const path = rest.startsWith("/") || rest.startsWith("\\") ? rest : `/${rest}`;
  return {
    authority,
    path,
    ...(scheme === "https" ? { secure: true } : scheme !== "http" && { scheme }),
  };
}

export function readMethod(method: string): string {
  if (!METHOD.test(method)) {
    throw new RequestError(`${JSON.stringify(method)} is not a valid method; use GET, POST and so on`);
  }
  return method;
}

/** `name: value` */
export function parseHeader(text: string): HeaderLine {
  const colon = text.indexOf(":", 1);
  if (colon < 0) {
    throw new RequestError(`${JSON.stringify(text)} is not a valid header; use "name: value"`);
  }
  return checkHeader(text.slice(0, colon).trim(), text.slice(colon + 1).trim());
}

export function checkHeader(name: string, value: string): HeaderLine {
  if (!HEADER_NAME.test(name)) {
    throw new RequestError(`${JSON.stringify(name)} is not a valid header name`);
  }
  if (FORBIDDEN_IN_VALUE.test(value)) {
    throw new RequestError(`the value of the header ${name} contains a control character`);
  }
  return [name.toLowerCase(), value];
}

function checkToken(jwt: string): string {
  const token = jwt.trim();
  if (token === "" || /\s/.test(token) || FORBIDDEN_IN_VALUE.test(token)) {
    throw new RequestError("the token is empty or has a space in it; write HEADER.PAYLOAD.SIGNATURE");
  }
  return token;
}

/** A `host` among the headers is the authority, as on the wire. */
export function makeRequest(
  line: RequestLine,
  headers: readonly HeaderLine[],
  more: Pick<AskedRequest, "body" | "from" | "jwt" | "claims"> & {
    readonly protocol?: AskedRequest["protocol"] | undefined;
  } = {},
): AskedRequest {
  const hosts = headers.filter(([name]) => name === "host");
  if (hosts.length > 1) {
    throw new RequestError("the host header is given twice");
  }
  const { body, protocol, jwt, claims } = more;
  if (jwt !== undefined && claims !== undefined) {
    throw new RequestError("a token and claims cannot be combined; a token has claims of its own");
  }
  return {
    ...line,
    authority: hosts[0]?.[1] ?? line.authority,
    headers: headers.filter(([name]) => name !== "host"),
    ...(protocol !== undefined && { protocol }),
    ...(body !== undefined && { body }),
    ...(more.from !== undefined && { from: readAddress(more.from) }),
    ...(jwt !== undefined && { jwt: checkToken(jwt) }),
    ...(claims !== undefined && { claims }),
  };
}

/** Without a port, a zone or brackets. */
export function isClientAddress(text: unknown): text is string {
  return typeof text === "string" && isIP(text) !== 0 && !text.includes("%");
}

function readAddress(text: string): string {
  if (!isClientAddress(text)) {
    throw new RequestError(
      `${JSON.stringify(text)} is not a valid address of a client; use an IPv4 or IPv6 address without a port`,
    );
  }
  return text;
}
