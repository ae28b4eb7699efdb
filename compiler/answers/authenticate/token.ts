/** A JSON Web Token (RFC 7519) as a text, and what Envoy reads in it. Nothing here is believed: that is for whoever verifies it. */

import { type Claims, type Json, parseClaims } from "../request/claims.ts";
import { ALGORITHMS } from "./signature.ts";
import { REFUSALS } from "./token-status.ts";

export interface Token {
  readonly alg: string;
  readonly kid: string;
  readonly claims: Claims;
  /** The payload as it stands in the token. */
  readonly payload: string;
  /** What is signed. */
  readonly text: string;
  readonly signature: Buffer;
  readonly issuer: string;
  readonly audiences: readonly string[];
}

/** A text that is no token: Envoy's words for why. */
export function parseToken(text: string): Token | string {
  const parts = text.split(".").filter((part) => part !== "");
  const [header = "", payload = "", end = ""] = parts;
  if (parts.length !== 3) {
    return REFUSALS.badFormat;
  }
  const headerText = decoded(header);
  if (headerText === undefined) {
    return REFUSALS.headerBase64;
  }
  const head = parseUtf8(headerText);
  if (head === undefined) {
    return REFUSALS.headerJson;
  }
  const { alg, kid = "" } = head;
  if (typeof alg !== "string") {
    return REFUSALS.alg;
  }
  if (!ALGORITHMS.has(alg)) {
    return REFUSALS.unknownAlg;
  }
  if (typeof kid !== "string") {
    return REFUSALS.kid;
  }
  const payloadText = decoded(payload);
  if (payloadText === undefined) {
    return REFUSALS.payloadBase64;
  }
  const claims = parseUtf8(payloadText);
  if (claims === undefined) {
    return REFUSALS.payloadJson;
  }
  const wrong = wrongClaim(claims);
  if (wrong !== undefined) {
    return wrong;
  }
  const signature = decoded(end);
  if (signature === undefined) {
    return REFUSALS.signatureBase64;
  }
  const { iss = "", aud = [] } = claims;
  return {
    alg,
    kid,
    claims,
    payload,
    text: `${header}.${payload}`,
    signature,
    issuer: iss as string,
    audiences: [aud].flat() as string[],
  };
}

function wrongClaim(claims: Claims): string | undefined {
  for (const name of ["iss", "sub"] as const) {
    if (claims[name] !== undefined && typeof claims[name] !== "string") {
      return REFUSALS[name];
    }
  }
  for (const name of ["iat", "nbf", "exp"] as const) {
    const value = claims[name];
    if (value !== undefined && typeof value !== "number") {
      return REFUSALS[name];
    }
    if (value !== undefined && (value < 0 || value >= 2 ** 64)) {
      return REFUSALS[`${name}Range`];
    }
  }
  if (claims.jti !== undefined && typeof claims.jti !== "string") {
    return REFUSALS.jti;
  }
  const { aud } = claims;
  const isList = Array.isArray(aud) && aud.every((one) => typeof one === "string");
  return aud === undefined || typeof aud === "string" || isList ? undefined : REFUSALS.aud;
}

/**
 * Base64 as URLs have it (RFC 4648, section 5), with all of its padding or none. As Envoy reads it, spaces mean nothing, nor do
 * the bits that are left over.
 */
function decoded(text: string): Buffer | undefined {
  const [, bare = "", padding = ""] = /^([\w-]*)(=*)$/.exec(text.replace(/[ \t]+/g, "")) ?? [undefined, "="];
  const missing = (4 - (bare.length % 4)) % 4;
  const isWhole = padding === "" ? missing !== 3 : padding.length === missing && missing < 3;
  return isWhole ? Buffer.from(bare, "base64url") : undefined;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });
const HALF_A_CHARACTER = /\p{Surrogate}/u;
/** Objects and lists in one another; Envoy's parser reads no deeper. */
const MAX_DEPTH = 100;

/** What Envoy takes for an object: `null` is an empty one. */
function parseUtf8(bytes: Buffer): Claims | undefined {
  try {
    const text = UTF8.decode(bytes);
    const claims = text.trim() === "null" ? {} : parseClaims(text);
    return claims !== undefined && isReadable(claims, MAX_DEPTH) ? claims : undefined;
  } catch {
    return undefined;
  }
}

/** No half of a character, and nothing too deep. */
function isReadable(value: Json, depth: number): boolean {
  if (typeof value === "string") {
    return !HALF_A_CHARACTER.test(value);
  }
  if (typeof value !== "object" || value === null) {
    return true;
  }
  return (
    depth > 0 &&
    Object.entries(value).every(([name, one]) => !HALF_A_CHARACTER.test(name) && isReadable(one, depth - 1))
  );
}
