/**
 * Which texts a rule can be asked about at all: what Envoy lets through to the filter. Without it, a difference might be
 * shown by a request that nobody can send. Expressions of RE2, over bytes. `evaluate/arrival.ts` decides of one request;
 * here is what some request has, over either version of HTTP: `HTTP/2` admits nearly all, and what only HTTP/1.1 has
 * (`ONLY_HTTP1`) excludes what only HTTP/2 has, which is why requests of the two are compared apart.
 */

import type { Listener, ServerTls } from "../../ir/ir.ts";
import type { PathSteps } from "../../ir/path-steps.ts";
import { DIRECT } from "../../ir/topology.ts";
import { HTTP1_METHODS } from "../evaluate/codec.ts";
import { schemeOf } from "../request/request-at.ts";

export type Protocol = "HTTP/1.1" | "HTTP/2";

/** Headers that a request of HTTP/1.1 may have, and one of HTTP/2 not, or not so. */
export const ONLY_HTTP1: ReadonlySet<string> = new Set(["upgrade", "connection", "te"]);

/** No `?`, `#`, blank or control character, nor what Envoy escapes; the percent sign is apart. */
const PATH_CHARACTER = "[!$&'()*+,\\-0-9:;=@A-Z\\[\\]_a-z~]";
/** Escapes that normalisation leaves: of no letter, digit, `-`, `.`, `_` or `~`, and not NUL. */
const ESCAPE =
  "%(?:0[1-9A-Fa-f]|1[0-9A-Fa-f]|2[0-9A-Ca-cFf]|3[A-Fa-f]|40|5[B-Eb-e]|60|7[B-Db-dFf]|[89A-Fa-f][0-9A-Fa-f])";
/** An escape that is none stays as it is. */
const BROKEN_ESCAPE = "%[G-Zg-z!$&'()*+,\\-:;=@\\[\\]_~]";
const CHARACTER = `(?:${PATH_CHARACTER}|${ESCAPE}|${BROKEN_ESCAPE})`;
const WITH_DOT = `(?:${PATH_CHARACTER}|\\.|${ESCAPE}|${BROKEN_ESCAPE})`;
/** Neither `.` nor `..`, which are resolved. */
const SEGMENT = `(?:${CHARACTER}${WITH_DOT}*|\\.${CHARACTER}${WITH_DOT}*|\\.\\.${WITH_DOT}+)`;

/** Without its query. What is not ASCII arrives over HTTP/2 only, and escaped where paths are normalised. */
export function pathUniverse({ normalizes, mergesSlashes }: PathSteps, protocol: Protocol): string {
  if (normalizes) {
    return mergesSlashes ? `/(?:${SEGMENT}/)*${SEGMENT}?` : `(?:/${SEGMENT}?)+`;
  }
  const character = protocol === "HTTP/2" ? `(?:${RAW_CHARACTER}|${HIGH})` : RAW_CHARACTER;
  return mergesSlashes ? `/(?:${character}+/)*${character}*` : `/(?:${character}|/)*`;
}

/** Also what an exact or prefix match may ask of a raw value, which Envoy does not decode. */
export function queryUniverse(protocol: Protocol): string {
  return protocol === "HTTP/2" ? `(?:[!-"$%'-~]|${HIGH})*` : "[!-\"$%'-~]*";
}

/** Where nothing is normalised; neither `?`, `#` nor a slash. */
const RAW_CHARACTER = '[!"$-.0->@-~]';
/** Beyond ASCII: what is UTF-8. */
const HIGH =
  "[\\xc2-\\xdf][\\x80-\\xbf]|\\xe0[\\xa0-\\xbf][\\x80-\\xbf]|[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}|\\xed[\\x80-\\x9f][\\x80-\\xbf]|[\\xf1-\\xf3][\\x80-\\xbf]{3}";
const IN_VALUE = `[\\t -~]|${HIGH}`;
const AT_THE_END = `[!-~]|${HIGH}`;

/** Blanks around a value are no part of it, but over HTTP/2. */
const HEADER_VALUES: Readonly<Record<Protocol, string>> = {
  "HTTP/1.1": `(?:(?:${AT_THE_END})(?:(?:${IN_VALUE})*(?:${AT_THE_END}))?)?`,
  "HTTP/2": `(?:${IN_VALUE})*`,
};

/** Of an upgrade, which is one to WebSocket: others are refused. */
const CONNECTION = "(?:[ -+\\--~]*,)*[ \\t]*(?i:upgrade)[ \\t]*(?:,[ -+\\--~]*)*";

export function headerUniverse(name: string, { role, tls, topology = DIRECT, protocol }: Arriving): string {
  switch (name) {
    case "x-forwarded-proto":
      // At an edge, clients are not asked unless a proxy speaks for them; elsewhere, an empty one is not routed.
      return role === "gateway" && topology.trustedProxies === 0
        ? schemeOf(tls)
        : `(?:${AT_THE_END})(?:${IN_VALUE})*`;
    case "upgrade":
      return "(?i:websocket)";
    case "connection":
      return CONNECTION;
    case "te":
      return protocol === "HTTP/2" ? "trailers" : "(?:trailers)?";
    default:
      return HEADER_VALUES[protocol];
  }
}

/** A text in a token, which may be any; those that people can read say enough. */
export const CLAIM = `(?:[\\t\\n -~]|${HIGH})*`;

/** Where, and over what, requests come. */
export interface Arriving extends Pick<Listener, "role" | "underscores" | "topology"> {
  readonly tls: boolean;
  /** Clients may, or must, show a certificate. */
  readonly showsCertificate: boolean;
  readonly protocol: Protocol;
  /** Tokens are verified: a request may have claims. */
  readonly isAuthenticated?: boolean;
}

export function arrivingAt({ role, tls, underscores, topology }: ArrivingAt, protocol: Protocol): Arriving {
  return {
    role,
    tls: tls !== undefined,
    showsCertificate: (tls?.clientCertificate ?? "none") !== "none",
    ...(underscores && { underscores }),
    ...(topology && { topology }),
    protocol,
  };
}

/** What of a listener has a say in it. */
export type ArrivingAt = Pick<Listener, "role" | "underscores" | "paths" | "topology"> & {
  readonly tls?: Partial<Pick<ServerTls, "clientCertificate">>;
};

/** Of HTTP/1.1, those that its parser knows; tunnels are not for rules to decide. */
export function methodUniverse(protocol: Protocol): string {
  return protocol === "HTTP/2"
    ? "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
    : [...HTTP1_METHODS].filter((method) => method !== "CONNECT").join("|");
}

/** A client says its scheme over HTTP/2, and over HTTP/1.1 in an absolute-form target, which a clear-text edge takes for http only. */
export function schemeUniverse({ role, tls, topology = DIRECT, protocol }: Arriving): string {
  if (protocol === "HTTP/2") {
    return "[a-z][a-z0-9+.-]*";
  }
  return role === "gateway" && !tls && topology.trustedProxies === 0 ? "http" : "https?";
}

export const AUTHORITY_CHARACTER = "[!$%&'()*+,\\-.0-9;=@A-Z_a-z~]";
export const AUTHORITY = `(?:${AUTHORITY_CHARACTER}|[:\\[\\]])*`;
